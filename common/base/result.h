#pragma once

#include <utility>
#include <variant>

#include "common/base/ensure.h"

namespace parley::base {

// What went wrong, on its way into a Result.
template <typename E>
struct Err {
    E error;
};
template <typename E>
Err(E) -> Err<E>;

// A value of T, or the reason of type E why there is none.
template <typename T, typename E>
class [[nodiscard]] Result {
public:
    Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    template <typename F>
    Result(Err<F> err) : held_(std::in_place_index<1>, std::move(err.error)) {}

    bool ok() const { return held_.index() == 0; }
    explicit operator bool() const { return ok(); }

    // REQUIRES: ok().
    T& value() { ENSURE(ok()); return *std::get_if<0>(&held_); }
    const T& value() const { ENSURE(ok()); return *std::get_if<0>(&held_); }
    T& operator*() { return value(); }
    const T& operator*() const { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    // REQUIRES: !ok().
    const E& error() const { ENSURE(!ok()); return *std::get_if<1>(&held_); }

private:
    std::variant<T, E> held_;
};

// Nothing to return but success.
struct Unit {};

template <typename E>
using Status = Result<Unit, E>;

}  // namespace parley::base
