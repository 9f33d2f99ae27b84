#pragma once

#include "common/shell/web_client.h"
#include "controller/cluster/forwarder.h"

namespace parley::controller {

// Carries out what a core says to other servers, over the WebSockets that it began.
void deliver(const clustering::LinkOutputs& links, shell::WebClient& client);

}  // namespace parley::controller
