#pragma once

#include <string>
#include <vector>

#include "common/base/random.h"
#include "controller/api/http.h"

namespace parley::fuzz {

extern const char* const kAdminKey;
extern const char* const kTokenSecret;
std::string http_authorization();  // that shows the key

// What apps and administrators ask, as docs/openapi.yaml has it. Nothing is asked about the room
// "standup".
const std::vector<controller::api::Request>& http_requests();

// The request with one to three of its parts changed.
controller::api::Request mutated_request(base::Random& random, controller::api::Request request,
                                         const controller::api::Request& other);

}  // namespace parley::fuzz
