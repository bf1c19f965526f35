// What the files of the door share: handles, and errors that do not cross the border as exceptions.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include <string>

#define DOOR extern "C" __attribute__((visibility("default")))

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
#define DOOR_SINCE_2_4
#endif

namespace door {

// The message of the last failure on this thread.
extern thread_local std::string error;

// Runs the body; an exception leaves its message and gives `failed`.
template <class R, class F>
R guarded(R failed, F body) noexcept {
  try {
    return body();
  } catch (const c10::Error& e) {
    error = e.what_without_backtrace();
  } catch (const std::exception& e) {
    error = e.what();
  } catch (...) {
    error = "libtorch threw something that is no exception";
  }
  return failed;
}

using Owner = c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>;

// A tensor for the length of a call, from a handle that keeps its reference; null is the undefined tensor.
inline at::Tensor borrow(c10::TensorImpl* t) { return t ? at::Tensor(Owner::reclaim_copy(t)) : at::Tensor(); }

// A handle with a reference of its own; null for the undefined tensor.
inline c10::TensorImpl* give(at::Tensor t) { return t.defined() ? t.unsafeReleaseIntrusivePtr().release() : nullptr; }

}  // namespace door
