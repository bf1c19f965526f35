// The fused kernels as operators of libtorch's dispatcher, retort::..., with their gradients. They work on contiguous CPU
// tensors in float32 and, where the processor multiplies it, bfloat16; who calls them asks retort::kernels first. A second
// gradient is refused, not wrong.
#include "operators.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <tuple>

namespace retort {

// RETORT_KERNELS holds back what the processor could do: "avx2" runs the kernels of AVX2 on any processor that has it, "none"
// runs none.
static const Kernels* find() {
  const char* wish = std::getenv("RETORT_KERNELS");
  const std::string most = wish ? wish : "";
  TORCH_CHECK(most.empty() || most == "none" || most == "avx2" || most == "avx512", "RETORT_KERNELS is ", most, "; expected none, avx2 or avx512");
  if (most == "none") return nullptr;
#if defined(__x86_64__)
  if (most != "avx2" && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni") && avx512()) return avx512();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2();
#endif
  return nullptr;
}

const Kernels* best() {
  static const Kernels* const found = find();
  return found;
}

}  // namespace retort

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// Attention ------------------------------------------------------------------------------------------------------------

retort::Packed packed(const Tensor& qkv, int64_t heads, const Tensor& lengths) {
  check(qkv, true, "qkv");
  TORCH_CHECK(qkv.dim() == 3 && heads > 0 && qkv.size(2) % (48 * heads) == 0, "retort: qkv must be (B, T, 3 D) and D / heads a multiple of 16");
  if (lengths.defined()) {
    TORCH_CHECK(lengths.device().is_cpu() && lengths.is_contiguous() && lengths.scalar_type() == at::kLong && lengths.dim() == 1 &&
                    lengths.size(0) == qkv.size(0), "retort: lengths must be (B) of int64 on the CPU");
    for (int64_t b = 0; b < qkv.size(0); b++) {
      const int64_t n = lengths.data_ptr<int64_t>()[b];
      TORCH_CHECK(n >= 1 && n <= qkv.size(1), "retort: row ", b, " has length ", n, "; it must lie in 1..", qkv.size(1));
    }
  }
  return {qkv.data_ptr(), qkv.size(0), qkv.size(1), heads, qkv.size(2) / 3 / heads, half(qkv),
          lengths.defined() ? lengths.data_ptr<int64_t>() : nullptr};
}

template <class F> void for_heads(const retort::Packed& p, int64_t parts, F body) {
  // A small head is not worth the way to another thread.
  const int64_t least = std::max<int64_t>(1, (parts << 20) / std::max<int64_t>(1, p.length * p.length * p.width));
  at::parallel_for(0, p.batch * p.heads * parts, least, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) body(i);
  });
}

Tensor attend(const Tensor& qkv, int64_t heads, const Tensor& lengths, Tensor* lse) {
  const auto p = packed(qkv, heads, lengths);
  auto out = at::empty({p.batch, p.length, heads * p.width}, qkv.options());
  if (lse) *lse = at::empty({p.batch, heads, p.length}, qkv.options().dtype(at::kFloat));
  float* facts = lse ? lse->data_ptr<float>() : nullptr;
  // Fewer heads than cores: the queries are shared out, too. A query's result does not depend on the others.
  const int64_t heads_in_all = std::max<int64_t>(1, p.batch * p.heads), parts = (at::get_num_threads() + heads_in_all - 1) / heads_in_all;
  for_heads(p, parts, [&](int64_t i) { kernels().attention(p, i / parts, i % parts, parts, out.data_ptr(), facts); });
  return out;
}

struct Attention : Function<Attention> {
  static Tensor forward(AutogradContext* context, const Tensor& qkv, int64_t heads, const Maybe& lengths) {
    Tensor lse;
    auto out = attend(qkv, heads, lengths.value_or(Tensor()), &lse);
    context->save_for_backward({qkv, out, lse, lengths.value_or(Tensor())});
    context->saved_data["heads"] = heads;
    return out;
  }
  static variable_list backward(AutogradContext* context, variable_list grads) {
    once();
    const auto saved = context->get_saved_variables();
    const auto& qkv = saved[0];
    const auto p = packed(qkv, context->saved_data["heads"].toInt(), saved[3]);
    const auto dout = grads[0].to(qkv.scalar_type()).contiguous();
    auto dqkv = at::empty_like(qkv);
    for_heads(p, 1, [&](int64_t i) {
      kernels().attention_backward(p, i, saved[1].data_ptr(), saved[2].data_ptr<float>(), dout.data_ptr(), dqkv.data_ptr());
    });
    return {dqkv, Tensor(), Tensor()};
  }
};

Tensor attention(const Tensor& qkv, int64_t heads, const Maybe& lengths) {
  return wanted({&qkv}) ? Attention::apply(qkv, heads, lengths) : attend(qkv, heads, lengths.value_or(Tensor()), nullptr);
}

// LayerNorm of x, or of x + y ------------------------------------------------------------------------------------------

// Without y the sum is x itself.
std::tuple<Tensor, Tensor> add_norm_of(const Tensor& x, const Tensor& y, const Tensor& weight, const Tensor& bias, double epsilon,
                                       bool lower, Tensor* facts) {
  check(x, false, "x");
  check(weight, false, "weight");
  check(bias, false, "bias");
  if (y.defined()) check(y, true, "y");
  TORCH_CHECK(!lower || kernels().bfloat16, "retort: no bfloat16 on this processor");
  TORCH_CHECK(x.dim() > 0, "retort: x must have an axis");
  const int64_t width = x.size(-1), rows = width ? x.numel() / width : 0;
  TORCH_CHECK(weight.numel() == width && bias.numel() == width && (!y.defined() || y.sizes() == x.sizes()),
              "retort: x, y, weight and bias do not fit one another");
  auto sum = y.defined() ? at::empty_like(x) : x;
  auto normed = at::empty(x.sizes(), x.options().dtype(lower ? at::kBFloat16 : at::kFloat));
  if (facts) *facts = at::empty({rows, 2}, x.options());
  const int64_t size = lower ? 2 : 4, y_size = y.defined() && half(y) ? 2 : 4;
  at::parallel_for(0, rows, std::max<int64_t>(1, (1 << 16) / std::max<int64_t>(1, width)), [&](int64_t from, int64_t to) {
    kernels().norm(x.data_ptr<float>() + from * width,
                   y.defined() ? static_cast<const char*>(y.data_ptr()) + from * width * y_size : nullptr, y_size == 2,
                   weight.data_ptr<float>(), bias.data_ptr<float>(), static_cast<float>(epsilon), to - from, width,
                   sum.data_ptr<float>() + from * width, static_cast<char*>(normed.data_ptr()) + from * width * size, lower,
                   facts ? facts->data_ptr<float>() + 2 * from : nullptr);
  });
  return {sum, normed};
}

struct AddNorm : Function<AddNorm> {
  // An argument of a function is a tensor in any case: without y x stands in its place.
  static variable_list forward(AutogradContext* context, const Tensor& x, const Tensor& other, const Tensor& weight, const Tensor& bias,
                               double epsilon, bool lower, bool with_other) {
    Tensor facts;
    const Tensor y = with_other ? other : Tensor();
    auto both = add_norm_of(x, y, weight, bias, epsilon, lower, &facts);
    context->save_for_backward({std::get<0>(both), facts, weight});
    context->saved_data["y"] = !y.defined() ? 0 : half(y) ? 2 : 1;
    context->set_materialize_grads(false);
    if (!y.defined()) return {std::get<1>(both)};
    return {std::get<0>(both), std::get<1>(both)};
  }
  static variable_list backward(AutogradContext* context, variable_list grads) {
    once();
    const auto saved = context->get_saved_variables();
    const auto &sum = saved[0], &facts = saved[1], &weight = saved[2];
    const int64_t y = context->saved_data["y"].toInt(), width = sum.size(-1), rows = facts.size(0);
    const auto gradient = y ? grads[0] : Tensor();  // of the sum
    if (!grads.back().defined()) {
      auto dy = y == 2 && gradient.defined() ? gradient.to(at::kBFloat16) : gradient;
      return {gradient, y ? dy : Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
    }
    const auto dnormed = grads.back().contiguous();
    const auto dsum = gradient.defined() ? gradient.to(at::kFloat).contiguous() : Tensor();
    auto dx = at::empty_like(sum);
    auto dy = y == 2 ? at::empty(sum.sizes(), sum.options().dtype(at::kBFloat16)) : y == 1 ? dx : Tensor();
    // The sums over rows go by parts of a fixed length, so that they do not depend on the number of threads.
    const int64_t part = 512, parts = (rows + part - 1) / part, size = half(dnormed) ? 2 : 4;
    auto dparts = at::zeros({std::max<int64_t>(parts, 1), 2, width}, sum.options());
    at::parallel_for(0, parts, 1, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; i++) {
        const int64_t first = i * part, count = std::min(part, rows - first), at = first * width;
        float* d = dparts.data_ptr<float>() + 2 * i * width;
        kernels().norm_backward(sum.data_ptr<float>() + at, facts.data_ptr<float>() + 2 * first, weight.data_ptr<float>(),
                                dsum.defined() ? dsum.data_ptr<float>() + at : nullptr,
                                static_cast<const char*>(dnormed.data_ptr()) + at * size, size == 2, count, width,
                                dx.data_ptr<float>() + at, y == 2 ? static_cast<uint16_t*>(dy.data_ptr()) + at : nullptr, d, d + width);
      }
    });
    auto both = parts == 1 ? dparts[0] : dparts.sum(0);
    return {dx, dy, both[0], both[1], Tensor(), Tensor(), Tensor()};
  }
};

std::tuple<Tensor, Tensor> add_norm(const Tensor& x, const Tensor& y, const Tensor& weight, const Tensor& bias, double epsilon, bool lower) {
  if (!wanted({&x, &y, &weight, &bias})) return add_norm_of(x, y, weight, bias, epsilon, lower, nullptr);
  auto both = AddNorm::apply(x, y, weight, bias, epsilon, lower, true);
  return {both[0], both[1]};
}

Tensor norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double epsilon, bool lower) {
  if (!wanted({&x, &weight, &bias})) return std::get<1>(add_norm_of(x, Tensor(), weight, bias, epsilon, lower, nullptr));
  return AddNorm::apply(x, x, weight, bias, epsilon, lower, false)[0];
}

// GELU -----------------------------------------------------------------------------------------------------------------

template <class F> void for_elements(int64_t count, F body) {
  at::parallel_for(0, (count + 1023) / 1024, 16, [&](int64_t from, int64_t to) {
    body(from * 1024, std::min(count, to * 1024) - from * 1024);
  });
}

Tensor gelu_of(const Tensor& x) {
  check(x, true, "x");
  auto y = at::empty_like(x);
  const int64_t size = half(x) ? 2 : 4;
  const char* from = static_cast<const char*>(x.data_ptr());
  char* into = static_cast<char*>(y.data_ptr());
  for_elements(x.numel(), [&](int64_t at, int64_t count) { kernels().gelu(from + at * size, into + at * size, count, size == 2); });
  return y;
}

struct Gelu : Function<Gelu> {
  static Tensor forward(AutogradContext* context, const Tensor& x) {
    context->save_for_backward({x});
    return gelu_of(x);
  }
  static variable_list backward(AutogradContext* context, variable_list grads) {
    once();
    const auto x = context->get_saved_variables()[0];
    const auto dy = grads[0].to(x.scalar_type()).contiguous();
    auto dx = at::empty_like(x);
    const int64_t size = half(x) ? 2 : 4;
    const char *from = static_cast<const char*>(x.data_ptr()), *slope = static_cast<const char*>(dy.data_ptr());
    char* into = static_cast<char*>(dx.data_ptr());
    for_elements(x.numel(), [&](int64_t at, int64_t count) {
      kernels().gelu_backward(from + at * size, slope + at * size, into + at * size, count, size == 2);
    });
    return {dx};
  }
};

Tensor gelu(const Tensor& x) { return wanted({&x}) ? Gelu::apply(x) : gelu_of(x); }

// Dropout --------------------------------------------------------------------------------------------------------------

// The gradient draws the same mask again from the seed: nothing is kept.
Tensor dropout_of(const Tensor& x, double p, int64_t seed) {
  check(x, true, "x");
  TORCH_CHECK(p >= 0 && p < 1, "retort: a dropout probability is at least 0 and less than 1");
  const auto threshold = static_cast<uint32_t>(std::min(std::floor(p * 4294967296.0), 4294967295.0));
  const auto scale = static_cast<float>(1 / (1 - p));
  auto y = at::empty_like(x);
  const int64_t size = half(x) ? 2 : 4;
  const char* from = static_cast<const char*>(x.data_ptr());
  char* into = static_cast<char*>(y.data_ptr());
  at::parallel_for(0, (x.numel() + 1023) / 1024, 64, [&](int64_t first, int64_t last) {
    const int64_t at = first * 1024, count = std::min(x.numel(), last * 1024) - at;
    kernels().dropout(from + at * size, into + at * size, at, count, static_cast<uint64_t>(seed), threshold, scale, size == 2);
  });
  return y;
}

struct Dropout : Function<Dropout> {
  static Tensor forward(AutogradContext* context, const Tensor& x, double p, int64_t seed) {
    context->saved_data["p"] = p;
    context->saved_data["seed"] = seed;
    return dropout_of(x, p, seed);
  }
  static variable_list backward(AutogradContext* context, variable_list grads) {
    once();
    return {dropout_of(grads[0].contiguous(), context->saved_data["p"].toDouble(), context->saved_data["seed"].toInt()), Tensor(), Tensor()};
  }
};

Tensor dropout(const Tensor& x, double p, int64_t seed) { return wanted({&x}) ? Dropout::apply(x, p, seed) : dropout_of(x, p, seed); }

// Log-mel --------------------------------------------------------------------------------------------------------------

// e^(-2 pi i k / fft), as (re, im), for k up to 3/2 fft: the radix-4 step asks for three times an index.
const std::vector<float>& twiddles(int64_t fft) {
  static std::mutex lock;
  static auto& known = *new std::map<int64_t, std::vector<float>>;
  std::lock_guard<std::mutex> hold(lock);
  auto& t = known[fft];
  if (t.empty())
    for (int64_t k = 0; k <= 3 * fft / 2; k++) {
      const double angle = -2 * M_PI * static_cast<double>(k) / static_cast<double>(fft);
      t.push_back(static_cast<float>(std::cos(angle)));
      t.push_back(static_cast<float>(std::sin(angle)));
    }
  return t;
}

Tensor mel(const Tensor& waves, const Tensor& window, const Tensor& bank, int64_t hop) {
  check(waves, false, "waves");
  check(window, false, "window");
  check(bank, false, "bank");
  const int64_t fft = window.numel(), bins = fft / 2 + 1;
  TORCH_CHECK(waves.dim() == 2 && hop > 0 && fft >= 32 && fft <= 2048 && (fft & (fft - 1)) == 0 && bank.dim() == 2 && bank.size(0) == bins &&
              waves.size(1) > fft / 2, "retort: waves, window, bank and hop do not fit one another");
  const int64_t batch = waves.size(0), samples = waves.size(1), mels = bank.size(1), frames = 1 + samples / hop;
  const float* weights = bank.data_ptr<float>();
  std::vector<int32_t> ranges(2 * mels);  // of each filter, the bins that are not 0
  for (int64_t m = 0; m < mels; m++) {
    int64_t first = 0, last = bins;
    while (first < last && weights[first * mels + m] == 0) first++;
    while (last > first && weights[(last - 1) * mels + m] == 0) last--;
    ranges[2 * m] = static_cast<int32_t>(first);
    ranges[2 * m + 1] = static_cast<int32_t>(last);
  }
  auto out = at::empty({batch, mels, frames}, waves.options());
  const auto& t = twiddles(fft);
  const int64_t groups = (frames + 15) / 16;
  at::parallel_for(0, batch * groups, 4, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) {
      const int64_t b = i / groups, first = i % groups * 16;
      kernels().mel(waves.data_ptr<float>() + b * samples, samples, window.data_ptr<float>(), weights, mels, fft, hop, t.data(),
                    ranges.data(), frames, first, std::min(frames, first + 16), out.data_ptr<float>() + b * mels * frames);
    }
  });
  return out;
}

// 0: no kernels on this processor; 1: float32; 2: bfloat16 too.
int64_t level() {
  const auto found = retort::best();
  return !found ? 0 : found->bfloat16 ? 2 : 1;
}

}  // namespace

TORCH_LIBRARY(retort, m) {
  m.def("kernels() -> int", level);
  m.def("attention(Tensor qkv, int heads, Tensor? lengths) -> Tensor");
  m.def("add_norm(Tensor x, Tensor y, Tensor weight, Tensor bias, float epsilon, bool lower) -> (Tensor, Tensor)");
  m.def("norm(Tensor x, Tensor weight, Tensor bias, float epsilon, bool lower) -> Tensor");
  m.def("gelu(Tensor x) -> Tensor");
  m.def("dropout(Tensor x, float p, int seed) -> Tensor");
  m.def("mel(Tensor waves, Tensor window, Tensor bank, int hop) -> Tensor");
}

TORCH_LIBRARY_IMPL(retort, CPU, m) {
  m.impl("attention", attention);
  m.impl("add_norm", add_norm);
  m.impl("norm", norm);
  m.impl("gelu", gelu);
  m.impl("dropout", dropout);
  m.impl("mel", mel);
}

TORCH_LIBRARY_IMPL(retort, AutogradCPU, m) {
  m.impl("attention", attention);
  m.impl("add_norm", add_norm);
  m.impl("norm", norm);
  m.impl("gelu", gelu);
  m.impl("dropout", dropout);
}
