#include "controller/signalling/session.h"

#include <algorithm>

#include "common/base/ensure.h"
#include "controller/signalling/protoo.h"

namespace parley::controller::signalling {

namespace {

constexpr size_t kMessages = 256;
constexpr size_t kBytes = 1024 * 1024;

std::string with_seq(std::string message, uint64_t seq) {
    ENSURE(message.size() > 2 && message.back() == '}');
    message.insert(message.size() - 1, ",\"seq\":" + std::to_string(seq));
    return message;
}

}  // namespace

void Session::post(std::string message, Outputs& out) {
    if (!numbered()) return post_unnumbered(std::move(message), out);
    if (awaits_client_) return;
    keep(with_seq(std::move(message), ++last_seq_));
    if (connection_) out.push_back(SendText{*connection_, sent_.back().text});
}

void Session::post_fleeting(const std::string& message, Outputs& out) {
    if (connection_) post(message, out);
}

void Session::post_unnumbered(std::string message, Outputs& out) const {
    if (connection_) out.push_back(SendText{*connection_, std::move(message)});
}

void Session::keep(std::string text) {
    sent_bytes_ += text.size();
    sent_.push_back({last_seq_, std::move(text)});
    while (sent_.size() > kMessages || (sent_bytes_ > kBytes && sent_.size() > 1)) {
        sent_bytes_ -= sent_.front().text.size();
        sent_.pop_front();
    }
}

bool Session::can_resume(uint64_t received) const {
    if (awaits_client_) return true;
    if (!numbered() || received > last_seq_) return false;
    return std::max(received, first_seq_) + sent_.size() >= last_seq_;
}

void Session::resume(uint64_t received, Outputs& out) {
    ENSURE(can_resume(received) && connection_);
    if (awaits_client_) first_seq_ = last_seq_ = received;
    awaits_client_ = false;
    for (const Sent& sent : sent_) {
        if (sent.seq > received) out.push_back(SendText{*connection_, sent.text});
    }
}

Session::Repeat Session::begin(uint64_t request, Outputs& out) {
    if (!numbered()) return Repeat::New;
    const auto [known, fresh] = requests_.try_emplace(request);
    if (fresh) {
        request_order_.push_back(request);
        while (request_order_.size() > kMessages || request_bytes_ > kBytes) {
            const auto oldest = requests_.find(request_order_.front());
            request_bytes_ -= oldest->second.size();
            requests_.erase(oldest);
            request_order_.pop_front();
        }
        return Repeat::New;
    }
    if (known->second.empty()) return Repeat::InProgress;
    post(known->second, out);
    return Repeat::Answered;
}

void Session::answer(uint64_t request, std::string response, Outputs& out) {
    const auto known = requests_.find(request);
    if (known != requests_.end() && known->second.empty()) {
        known->second = response;
        request_bytes_ += response.size();
    }
    post(std::move(response), out);
}

void Session::ask(std::string_view method, std::string_view data, uint64_t object, Outputs& out) {
    if (awaits_client_) return;
    const uint64_t request = numbered() ? last_seq_ + 1 : ++last_ask_;
    asked_[request] = object;
    post(write_request(request, method, data), out);
}

std::optional<uint64_t> Session::on_response(uint64_t request) {
    const auto asked = asked_.find(request);
    if (asked == asked_.end()) return std::nullopt;
    const uint64_t object = asked->second;
    asked_.erase(asked);
    return object;
}

std::vector<uint64_t> Session::asked_before(uint64_t received) const {
    std::vector<uint64_t> objects;
    for (const auto& [request, object] : asked_) {
        if (request <= received) objects.push_back(object);
    }
    return objects;
}

void Session::ensure_invariants() const {
    size_t bytes = 0;
    for (size_t i = 0; i < sent_.size(); ++i) {
        ENSURE(sent_[i].seq == last_seq_ - (sent_.size() - 1 - i));
        bytes += sent_[i].text.size();
    }
    ENSURE(bytes == sent_bytes_ && sent_.size() <= kMessages);
    ENSURE(requests_.size() == request_order_.size() && requests_.size() <= kMessages);
    ENSURE(!awaits_client_ || (numbered() && sent_.empty() && asked_.empty()));
    ENSURE(numbered() || (sent_.empty() && requests_.empty()));
}

}  // namespace parley::controller::signalling
