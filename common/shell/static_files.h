#pragma once

#include <string>

#include "common/shell/http.h"

namespace parley::shell {

// The files of one directory, as answers. Nothing outside of it is ever read, whatever the path
// says or a link points to, and nothing whose name begins with a dot.
class StaticFiles {
public:
    // `directory` need not be there: then nothing is found.
    explicit StaticFiles(std::string directory) : directory_(std::move(directory)) {}

    // 200 with the right Content-Type, or 304 when the client has it already, 404, or 405 for
    // anything but GET and HEAD. A directory is its index.html, and so is a path that names no file
    // and has no dot in its last part: a page of the application that lives there.
    // Files whose names hold a hash of their contents ("main-3F7Q2ZKD.js") may be kept for a year;
    // the others are asked for again every time, and answered with 304. Pages of any origin may use
    // them: a module that a page imports from elsewhere must say so.
    HttpResponse answer(const HttpRequest& request) const;

private:
    std::string directory_;
};

// The Content-Type of a file, by the end of its name; "application/octet-stream" for others.
std::string_view content_type_of(std::string_view name);

}  // namespace parley::shell
