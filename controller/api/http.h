#pragma once

#include "common/cluster/ids.h"
#include "common/web/http.h"
#include "controller/core.h"

namespace parley::controller::api {

using cluster::is_id;
using web::error_response;
using web::find;
using web::json_response;
using web::Query;
using web::Request;
using web::Response;
using web::segments;

inline Response error_response(const Error& error) {
    return error_response(static_cast<uint16_t>(error.code), error.reason);
}

}  // namespace parley::controller::api
