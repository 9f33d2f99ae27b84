#pragma once

#include <uv.h>

namespace parley::shell {

// Owns one libuv handle. libuv wants the handle's memory until the loop has turned once more after
// uv_close(), so it lives on the heap and outlives its owner by that turn.
// REQUIRES: initialised (uv_..._init) before it is destroyed.
template <typename T>
class UvHandle {
public:
    explicit UvHandle(void* owner) : handle_(new T{}) { handle_->data = owner; }
    ~UvHandle() {
        uv_close(base(), [](uv_handle_t* closed) { delete reinterpret_cast<T*>(closed); });
    }
    UvHandle(const UvHandle&) = delete;
    UvHandle& operator=(const UvHandle&) = delete;

    T* get() const { return handle_; }
    uv_handle_t* base() const { return reinterpret_cast<uv_handle_t*>(handle_); }

private:
    T* handle_;
};

}  // namespace parley::shell
