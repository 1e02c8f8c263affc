// What runs when a read or write has ended.
#pragma once

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace patchbay::net {

/// Move-only callable (error, bytes), called at most once. One type for every handler, so that the stream operations
/// below it are instantiated once; what a session captures (a shared pointer or two) lies inside it without an
/// allocation.
class Completion {
 public:
  using ErrorCode = boost::system::error_code;

  template <typename Function>
  requires(!std::is_same_v<std::remove_cvref_t<Function>, Completion>)
      Completion(Function&& function) {  // NOLINT(google-explicit-constructor): handlers are written in place
    using Held = std::remove_cvref_t<Function>;
    if constexpr (fits<Held>) {
      new (storage_) Held(std::forward<Function>(function));
      operations_ = &kOperations<Held>;
    } else {
      using Boxed = Box<Held>;
      new (storage_) Boxed{std::make_unique<Held>(std::forward<Function>(function))};
      operations_ = &kOperations<Boxed>;
    }
  }
  Completion(Completion&& other) noexcept { take(other); }
  Completion& operator=(Completion&& other) noexcept {
    if (this != &other) {
      clear();
      take(other);
    }
    return *this;
  }
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;
  ~Completion() { clear(); }

  void operator()(ErrorCode error, std::size_t bytes_count) {
    // The callable leaves this object first: it may well destroy what holds it.
    Completion running(std::move(*this));
    if (running.operations_ != nullptr) running.operations_->call(running.storage_, error, bytes_count);
  }

 private:
  static constexpr std::size_t kInlineBytes = 40;

  struct Operations {
    void (*call)(void*, ErrorCode, std::size_t);
    void (*move)(void* from, void* to) noexcept;
    void (*destroy)(void*) noexcept;
  };

  template <typename Function>
  struct Box {
    std::unique_ptr<Function> function;
    void operator()(ErrorCode error, std::size_t bytes_count) {
      // Its memory is given back before it runs, as asio promises to its handlers.
      Function running(std::move(*function));
      function.reset();
      running(error, bytes_count);
    }
  };

  template <typename Held>
  static constexpr bool fits = sizeof(Held) <= kInlineBytes &&
                               alignof(Held) <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<Held>;

  template <typename Held>
  static constexpr Operations kOperations = {
      [](void* held, ErrorCode error, std::size_t bytes_count) { (*static_cast<Held*>(held))(error, bytes_count); },
      [](void* from, void* to) noexcept {
        new (to) Held(std::move(*static_cast<Held*>(from)));
        static_cast<Held*>(from)->~Held();
      },
      [](void* held) noexcept { static_cast<Held*>(held)->~Held(); },
  };

  void take(Completion& other) noexcept {
    operations_ = std::exchange(other.operations_, nullptr);
    if (operations_ != nullptr) operations_->move(other.storage_, storage_);
  }
  void clear() noexcept {
    if (const auto* operations = std::exchange(operations_, nullptr)) operations->destroy(storage_);
  }

  const Operations* operations_ = nullptr;
  alignas(std::max_align_t) unsigned char storage_[kInlineBytes];
};

}  // namespace patchbay::net
