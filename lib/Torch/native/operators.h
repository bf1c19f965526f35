// What every file of operators needs: the kernels of this processor, checks of what is handed in, whether a gradient is wanted.
#pragma once

#include "kernels.h"

#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>
#include <torch/version.h>

#include <initializer_list>

namespace {

using at::Tensor;
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
using Maybe = std::optional<Tensor>;
#else
using Maybe = c10::optional<Tensor>;
#endif

[[maybe_unused]] inline const retort::Kernels& kernels() {
  const auto found = retort::best();
  TORCH_CHECK(found, "retort: this processor has no fused kernels");
  return *found;
}

[[maybe_unused]] inline bool half(const Tensor& t) { return t.scalar_type() == at::kBFloat16; }

// Float32, or (either) bfloat16 too where the processor multiplies it.
[[maybe_unused]] inline void check(const Tensor& t, bool either, const char* name) {
  TORCH_CHECK(t.device().is_cpu() && t.is_contiguous() && !t.is_neg(), "retort: ", name, " must be contiguous and on the CPU");
  TORCH_CHECK(t.scalar_type() == at::kFloat || (either && half(t) && kernels().bfloat16), "retort: ", name, " must be float32",
              either && kernels().bfloat16 ? " or bfloat16" : "", ", not ", t.scalar_type());
}

[[maybe_unused]] inline void once() {
  TORCH_CHECK(!at::GradMode::is_enabled(), "retort: a fused kernel has no second gradient; switch the kernels off");
}

[[maybe_unused]] inline bool wanted(std::initializer_list<const Tensor*> tensors) {
  if (!at::GradMode::is_enabled()) return false;
  for (auto t : tensors)
    if (t->defined() && t->requires_grad()) return true;
  return false;
}

}  // namespace
