#include "common/shell/name_lookup.h"

#include <netdb.h>

#include <cstring>
#include <memory>

#include "common/shell/socket_address.h"

namespace parley::shell {

// It can not be taken back: it outlives who asked.
struct NameLookup::Question {
    uv_getaddrinfo_t request{};
    NameLookup* asker;
    OnDone on_done;

    static void on_answer(uv_getaddrinfo_t* request, int status, addrinfo* found) {
        const std::unique_ptr<Question> self(static_cast<Question*>(request->data));
        std::vector<net::Address> addresses;
        for (addrinfo* one = found; one != nullptr; one = one->ai_next) {
            if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
            SocketAddress name;
            std::memcpy(&name, one->ai_addr, one->ai_addrlen);
            addresses.insert(addresses.begin(), read_socket_address(name));
        }
        uv_freeaddrinfo(found);
        if (self->asker == nullptr) return;
        self->asker->questions_.erase(self.get());
        self->on_done(std::move(addresses), status == 0 ? nullptr : uv_strerror(status));
    }
};

NameLookup::~NameLookup() {
    for (Question* const question : questions_) {
        question->asker = nullptr;
        uv_cancel(reinterpret_cast<uv_req_t*>(&question->request));
    }
}

const char* NameLookup::find(const std::string& name, OnDone on_done) {
    auto question = std::make_unique<Question>();
    question->asker = this;
    question->on_done = std::move(on_done);
    question->request.data = question.get();
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    const int error = uv_getaddrinfo(loop_.uv(), &question->request, Question::on_answer,
                                     name.c_str(), nullptr, &hints);
    if (error != 0) return uv_strerror(error);
    questions_.insert(question.release());
    return nullptr;
}

}  // namespace parley::shell
