#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "common/base/deadline_queue.h"
#include "common/base/flat_map.h"
#include "common/cluster/messages.h"

namespace parley::router_service {

// A command that came, on its way to its answer. It is the broker's until that was confirmed.
struct Call {
    uint64_t tag = 0;
    std::string reply_to = {};  // "": nobody waits
    std::string correlation_id = {};
    std::string traceparent = {};
    base::Instant since = {};
    cluster::Command command = {};
};

// What a server was asked and has not answered.
struct Question {
    std::string server;          // id
    std::string opening = {};    // the room that it is to open; "" when a call was passed on
    std::optional<Call> call{};  // which one
};

// By number, which goes as the correlation id, each with the time until which an answer counts.
class Questions {
public:
    uint64_t ask(base::Instant until, Question question) {
        questions_.insert(++last_, std::move(question));
        deadlines_.set(last_, until);
        return last_;
    }

    // Takes the question out. Nothing when it was not asked, is answered, or too old.
    std::optional<Question> take(uint64_t number) {
        Question* found = questions_.find(number);
        if (found == nullptr) return std::nullopt;
        std::optional<Question> question = std::move(*found);
        questions_.erase(number);
        deadlines_.erase(number);
        return question;
    }

    std::optional<Question> take_due(base::Instant now) {
        uint64_t number = 0;
        if (!deadlines_.pop_due(now, number)) return std::nullopt;
        return take(number);
    }

    base::Instant next_deadline() const { return deadlines_.next_deadline(); }
    size_t size() const { return questions_.size(); }
    // Numbers are not used again: an answer to before is an answer to nothing.
    void clear() {
        questions_ = {};
        deadlines_ = {};
    }

private:
    base::FlatMap<uint64_t, Question> questions_;
    base::DeadlineQueue<uint64_t> deadlines_;
    uint64_t last_ = 0;
};

}  // namespace parley::router_service
