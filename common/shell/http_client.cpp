#include "common/shell/http_client.h"

#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "common/shell/socket_address.h"

namespace parley::shell {

namespace {

// An answer whose status line is longer than this is none.
constexpr size_t kAnswerBytes = 8 * 1024;

bool is_clean(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
}

std::string request_text(const HttpUrl& url, const HttpPost& post) {
    std::string text = std::string(post.method) + " " + url.target +
                       " HTTP/1.1\r\nHost: " + url.authority() + "\r\n";
    for (const auto& [name, value] : post.headers) {
        if (is_clean(name) && is_clean(value)) text += name + ": " + value + "\r\n";
    }
    text += "Content-Length: " + std::to_string(post.body.size()) + "\r\nConnection: close\r\n\r\n";
    return text + post.body;
}

// The status in "HTTP/1.1 204 No Content"; 0 when it is no status line. RFC 9112 §4.
uint16_t status_of(std::string_view line) {
    uint16_t status = 0;
    if (line.substr(0, 7) != "HTTP/1." || line.size() < 12 || line[8] != ' ') return 0;
    const auto [end, error] = std::from_chars(line.data() + 9, line.data() + 12, status);
    return error == std::errc() && end == line.data() + 12 && status >= 100 ? status : 0;
}

}  // namespace

struct HttpCall {
    enum class Phase : uint8_t { LookingUp, Connecting, Handshaking, Writing, Reading, Ended };

    uint64_t id = 0;
    HttpUrl url;
    std::string request;
    size_t written = 0;
    std::string answer;
    HttpClient::OnDone on_done;
    HttpOutcome outcome{0, "no answer in time"};
    Phase phase = Phase::LookingUp;
    std::vector<net::Address> addresses;  // still to be tried, the first last
    std::unique_ptr<ByteStream> stream;
    std::unique_ptr<Watch> watch;  // of the stream: gone before it
};

HttpClient::HttpClient(Loop& loop, std::string ca_file)
    : loop_(loop),
      ca_file_(std::move(ca_file)),
      lookup_(loop),
      timer_(loop, [this](base::Instant now) { on_deadline(now); }) {}

HttpClient::~HttpClient() = default;

void HttpClient::post(HttpPost post, OnDone on_done) {
    auto added = std::make_unique<HttpCall>();
    HttpCall& call = *added;
    call.id = ++last_id_;
    call.on_done = std::move(on_done);
    calls_.insert(call.id, std::move(added));
    deadlines_.set(call.id, loop_.now() + post.timeout);
    timer_.set(deadlines_.next_deadline());

    const auto url = parse_http_url(post.url);
    if (!url) return end_soon(call, {0, "this is no http or https URL: " + post.url});
    call.url = *url;
    call.request = request_text(*url, post);
    if (const auto ip = net::parse_ip(url->host, url->port)) {
        call.addresses = {*ip};
        return connect_next(call);
    }
    look_up(call);
}

HttpCall* HttpClient::find(uint64_t id) {
    auto* const found = calls_.find(id);
    return found && (*found)->phase != HttpCall::Phase::Ended ? found->get() : nullptr;
}

void HttpClient::look_up(HttpCall& call) {
    const char* const error =
        lookup_.find(call.url.host, [this, id = call.id](auto addresses, const char* why) {
            on_addresses(id, std::move(addresses), why);
        });
    if (error != nullptr) end_soon(call, {0, call.url.host + ": " + error});
}

void HttpClient::on_addresses(uint64_t id, std::vector<net::Address> addresses, const char* error) {
    HttpCall* const call = find(id);
    if (call == nullptr) return;
    if (error != nullptr) return end_soon(*call, {0, call->url.host + ": " + error});
    call->addresses = std::move(addresses);
    for (net::Address& address : call->addresses) address.port = call->url.port;
    call->outcome.error = call->url.host + " has no address";
    connect_next(*call);
}

void HttpClient::connect_next(HttpCall& call) {
    call.watch.reset();
    call.stream.reset();
    while (!call.addresses.empty()) {
        const net::Address to = call.addresses.back();
        call.addresses.pop_back();
        SocketAddress name;
        const socklen_t size = write_socket_address(to, name);
        Fd fd(socket(name.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (!fd || (connect(fd.get(), &name.any, size) != 0 && errno != EINPROGRESS)) {
            call.outcome.error = net::to_text(to) + ": " + std::strerror(errno);
            continue;
        }
        call.phase = HttpCall::Phase::Connecting;
        call.stream = std::make_unique<ByteStream>(std::move(fd));
        const auto go_on = [this, id = call.id] { advance(id); };
        call.watch = std::make_unique<Watch>(loop_, call.stream->fd(), go_on, go_on);
        call.watch->want_writable(true);
        return;
    }
    end_soon(call, {0, call.outcome.error});
}

// Goes on as far as it can without waiting.
void HttpClient::advance(uint64_t id) {
    HttpCall* const found = find(id);
    if (found == nullptr) return;
    HttpCall& call = *found;
    auto status = ByteStream::Status::Done;
    while (status == ByteStream::Status::Done) {
        size_t count = 0;
        switch (call.phase) {
            case HttpCall::Phase::Connecting: {
                int error = 0;
                socklen_t size = sizeof error;
                getsockopt(call.stream->fd(), SOL_SOCKET, SO_ERROR, &error, &size);
                if (error != 0) return fail_address(call, std::strerror(error));
                if (call.url.tls && !begin_tls(call)) return;
                call.phase = HttpCall::Phase::Handshaking;
                break;
            }
            case HttpCall::Phase::Handshaking:
                status = call.stream->handshake();
                if (status == ByteStream::Status::Done) call.phase = HttpCall::Phase::Writing;
                break;
            case HttpCall::Phase::Writing:
                status =
                    call.stream->write(std::string_view(call.request).substr(call.written), count);
                call.written += count;
                if (call.written == call.request.size()) call.phase = HttpCall::Phase::Reading;
                break;
            case HttpCall::Phase::Reading: {
                char room[4096];
                status = call.stream->read(room, count);
                call.answer.append(room, count);
                on_answer(call);
                break;
            }
            default: return;
        }
    }
    if (call.phase == HttpCall::Phase::Ended) return;
    if (status == ByteStream::Status::Failed) return fail_address(call, call.stream->error());
    if (status == ByteStream::Status::End) return end_soon(call, {0, "closed without an answer"});
    call.watch->want_writable(status == ByteStream::Status::WantWrite);
}

// Another address may do better, as long as nothing was said to this one.
void HttpClient::fail_address(HttpCall& call, std::string error) {
    call.outcome.error = call.url.authority() + ": " + std::move(error);
    if (call.written > 0) return end_soon(call, {0, call.outcome.error});
    connect_next(call);
}

bool HttpClient::begin_tls(HttpCall& call) {
    if (!tls_) {
        auto made = client_tls(ca_file_);
        if (!made) {
            end_soon(call, {0, made.error()});
            return false;
        }
        tls_ = std::move(*made);
    }
    call.stream->use_tls(*tls_, call.url.host);
    return true;
}

void HttpClient::on_answer(HttpCall& call) {
    for (;;) {
        const size_t end = call.answer.find("\r\n");
        if (end == std::string::npos) break;
        const uint16_t status = status_of(std::string_view(call.answer).substr(0, end));
        if (status == 0) return end_soon(call, {0, "the answer is not HTTP"});
        if (status >= 200) return end_soon(call, {status, ""});
        const size_t head = call.answer.find("\r\n\r\n");  // 1xx: the real one follows
        if (head == std::string::npos) break;
        call.answer.erase(0, head + 4);
    }
    if (call.answer.size() > kAnswerBytes) end_soon(call, {0, "the answer is not HTTP"});
}

// Said at the next deadline, which is now: never from inside of what led here.
void HttpClient::end_soon(HttpCall& call, HttpOutcome outcome) {
    call.phase = HttpCall::Phase::Ended;
    call.outcome = std::move(outcome);
    deadlines_.set(call.id, base::Instant());
    timer_.set(deadlines_.next_deadline());
}

void HttpClient::on_deadline(base::Instant now) {
    uint64_t id = 0;
    while (deadlines_.pop_due(now, id)) {
        const std::unique_ptr<HttpCall> call = std::move(*calls_.find(id));
        calls_.erase(id);
        call->on_done(call->outcome);
    }
    timer_.set(deadlines_.next_deadline());
}

}  // namespace parley::shell
