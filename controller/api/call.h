#pragma once

#include <vector>

#include "common/json/json.h"
#include "controller/api/api.h"

namespace parley::controller::api {

// One request on its way through the routes.
struct Api::Call {
    Instant now;
    const Request& request;
    Controller& controller;
    Outputs& out;
    const Others* others = nullptr;             // none on a server that stands alone
    std::optional<Ask> ask = {};                // instead of a response
    std::vector<std::string> arguments = {};    // what stood for {} in the path
    std::optional<JsonDocument> document = {};  // of a POST: always an object

    Json body() const { return document->root(); }
};

// A room of another server: like a RoomSummary, with its home instead of workers.
void write_room_away(JsonWriter& json, const cluster::RoomPlace& place);

// Where a page of a list begins and how long it is. Lists are in the order of their ids.
struct Page {
    std::string after;
    uint64_t limit = 100;
};
base::Result<Page, Response> page_of(const Query& query);

// The part of `items` that is on the page, and the `after` of the next one, "" for the last.
template <typename T>
std::pair<std::vector<T>, std::string> paged(std::vector<T> items, const Page& page) {
    std::vector<T> part;
    for (T& item : items) {
        if (item.id <= page.after) continue;
        if (part.size() == page.limit) return {std::move(part), part.back().id};
        part.push_back(std::move(item));
    }
    return {std::move(part), ""};
}

}  // namespace parley::controller::api
