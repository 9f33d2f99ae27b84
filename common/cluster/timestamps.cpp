#include "common/cluster/timestamps.h"

#include <chrono>

namespace parley::cluster {

namespace {

// Takes digits and marks off the front; fails once and stays failed.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    int number(size_t digits) {
        int value = 0;
        for (size_t i = 0; i < digits; ++i) value = 10 * value + digit();
        return value;
    }
    void mark(char wanted) { ok_ = take() == wanted && ok_; }

    // Microseconds out of 0 to 9 digits behind a point, when there is one.
    int fraction() {
        if (!text_.starts_with('.')) return 0;
        mark('.');
        int micros = 0;
        size_t digits = 0;
        for (; !text_.empty() && text_[0] != 'Z'; ++digits) {
            const int next = digit();
            if (digits < 6) micros = 10 * micros + next;
        }
        ok_ = ok_ && digits >= 1 && digits <= 9;
        for (; digits < 6; ++digits) micros *= 10;
        return micros;
    }
    bool done() const { return ok_ && text_.empty(); }

private:
    char take() {
        if (text_.empty()) return '\0';
        const char first = text_[0];
        text_.remove_prefix(1);
        return first;
    }
    int digit() {
        const char c = take();
        if (c < '0' || c > '9') return ok_ = false, 0;
        return c - '0';
    }

    std::string_view text_;
    bool ok_ = true;
};

// The last `digits` digits of a number that is not negative.
void put(std::string& text, size_t at, size_t digits, int64_t number) {
    for (; digits > 0; --digits, number /= 10) {
        text[at + digits - 1] = static_cast<char>('0' + number % 10);
    }
}

}  // namespace

std::string write_timestamp(base::Instant at) {
    using namespace std::chrono;
    const sys_time<microseconds> time(microseconds(at.micros()));
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    std::string text = "0000-00-00T00:00:00.000000Z";
    put(text, 0, 4, static_cast<int>(date.year()));
    put(text, 5, 2, static_cast<unsigned>(date.month()));
    put(text, 8, 2, static_cast<unsigned>(date.day()));
    put(text, 11, 2, clock.hours().count());
    put(text, 14, 2, clock.minutes().count());
    put(text, 17, 2, clock.seconds().count());
    put(text, 20, 6, clock.subseconds().count());
    return text;
}

std::optional<base::Instant> parse_timestamp(std::string_view text) {
    using namespace std::chrono;
    if (text.size() > 30) return std::nullopt;
    Scanner in(text);
    const int year_number = in.number(4);
    in.mark('-');
    const auto month_number = static_cast<unsigned>(in.number(2));
    in.mark('-');
    const auto day_number = static_cast<unsigned>(in.number(2));
    in.mark('T');
    const int hour = in.number(2);
    in.mark(':');
    const int minute = in.number(2);
    in.mark(':');
    const int second = in.number(2);
    const int micros = in.fraction();
    in.mark('Z');
    const year_month_day date{year(year_number), month(month_number), day(day_number)};
    if (!in.done() || !date.ok() || year_number < 1970) return std::nullopt;
    if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
    const auto at = sys_days(date) + hours(hour) + minutes(minute) + seconds(second);
    return base::Instant::from_micros(duration_cast<microseconds>(at.time_since_epoch()).count() +
                                      micros);
}

}  // namespace parley::cluster
