// The kernels of LLaMA's layers as operators of libtorch's dispatcher, retort::..., with gradients in float32; bfloat16 has the
// products and what stands between them, for decoding. Who calls them asks retort::kernels first.
#include "llama.h"
#include "operators.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <tuple>

namespace retort {

const LlamaKernels& llama_kernels() {
  static const LlamaKernels* const found = !best() ? nullptr : best()->bfloat16 && llama_avx512() ? llama_avx512() : llama_avx2();
  TORCH_CHECK(found, "retort: this processor has no fused kernels");
  return *found;
}

Tensor attend_one(const Tensor& q, const Tensor& keys, const Tensor& values, int64_t all, const Tensor& left, const Tensor& prompt_keys,
                  const Tensor& prompt_values, const Tensor& gates);  // of llama_attention.cpp

}  // namespace retort

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

const retort::LlamaKernels& llama() { return retort::llama_kernels(); }

void check(const Tensor& t, at::ScalarType dtype, const char* name) {
  TORCH_CHECK(t.device().is_cpu() && t.is_contiguous() && !t.is_neg() && t.scalar_type() == dtype && t.dim() > 0, "retort: ", name,
              " must be contiguous, on the CPU and ", dtype, ", not ", t.scalar_type());
}
void check_either(const Tensor& t, const char* name) { check(t, half(t) ? at::kBFloat16 : at::kFloat, name); }

const char* bytes(const Tensor& t) { return static_cast<const char*>(t.data_ptr()); }
int64_t size(const Tensor& t) { return half(t) ? 2 : 4; }

// RMSNorm --------------------------------------------------------------------------------------------------------------

Tensor rms_of(const Tensor& x, const Tensor& weight, double epsilon, Tensor* scales) {
  check_either(x, "x");
  check(weight, x.scalar_type(), "weight");
  const int64_t width = x.size(-1), rows = width ? x.numel() / width : 0;
  TORCH_CHECK(weight.numel() == width && width % 16 == 0, "retort: a norm's width must be its weight's and a multiple of 16");
  auto y = at::empty_like(x);
  if (scales) *scales = at::empty({rows}, x.options().dtype(at::kFloat));
  at::parallel_for(0, rows, std::max<int64_t>(1, (1 << 16) / std::max<int64_t>(1, width)), [&](int64_t from, int64_t to) {
    const int64_t at = from * width * size(x);
    llama().rms(bytes(x) + at, weight.data_ptr(), static_cast<float>(epsilon), to - from, width, static_cast<char*>(y.data_ptr()) + at,
                  scales ? scales->data_ptr<float>() + from : nullptr, half(x));
  });
  return y;
}

struct Rms : Function<Rms> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, double epsilon) {
    Tensor scales;
    auto y = rms_of(x, weight, epsilon, &scales);
    context->save_for_backward({x, weight, scales});
    context->saved_data["weight"] = weight.requires_grad();
    return y;
  }
  static variable_list backward(AutogradContext* context, variable_list grads) {
    once();
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1], &scales = saved[2];
    const int64_t width = x.size(-1), rows = scales.size(0);
    const auto dy = grads[0].contiguous();
    auto dx = at::empty_like(x);
    // The sums over rows go by parts of a fixed length, so that they do not depend on the number of threads.
    const int64_t part = 512, parts = (rows + part - 1) / part;
    const bool with_weight = context->saved_data["weight"].toBool();
    auto dparts = with_weight ? at::zeros({std::max<int64_t>(parts, 1), width}, x.options()) : Tensor();
    at::parallel_for(0, parts, 1, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; i++) {
        const int64_t first = i * part, at = first * width;
        llama().rms_backward(x.data_ptr<float>() + at, weight.data_ptr<float>(), scales.data_ptr<float>() + first, dy.data_ptr<float>() + at,
                               std::min(part, rows - first), width, dx.data_ptr<float>() + at, with_weight ? dparts.data_ptr<float>() + i * width : nullptr);
      }
    });
    return {dx, with_weight ? dparts.sum(0).view(weight.sizes()) : Tensor(), Tensor()};
  }
};

Tensor rms_norm(const Tensor& x, const Tensor& weight, double epsilon) {
  return wanted({&x, &weight}) ? Rms::apply(x, weight, epsilon) : rms_of(x, weight, epsilon, nullptr);
}

// The gate of SwiGLU ---------------------------------------------------------------------------------------------------

Tensor gate_of(const Tensor& a, const Tensor& b) {
  check_either(a, "a");
  check(b, a.scalar_type(), "b");
  TORCH_CHECK(a.sizes() == b.sizes(), "retort: a gate and what it lets through have one shape");
  auto y = at::empty_like(a);
  at::parallel_for(0, a.numel(), 1 << 14, [&](int64_t from, int64_t to) {
    const int64_t at = from * size(a);
    llama().gate(bytes(a) + at, bytes(b) + at, static_cast<char*>(y.data_ptr()) + at, to - from, half(a));
  });
  return y;
}

struct Gate : Function<Gate> {
  static Tensor forward(AutogradContext* context, const Tensor& a, const Tensor& b) {
    context->save_for_backward({a, b});
    return gate_of(a, b);
  }
  static variable_list backward(AutogradContext* context, variable_list grads) {
    once();
    const auto saved = context->get_saved_variables();
    const auto dy = grads[0].contiguous();
    auto da = at::empty_like(saved[0]), db = at::empty_like(saved[1]);
    at::parallel_for(0, dy.numel(), 1 << 14, [&](int64_t from, int64_t to) {
      llama().gate_backward(saved[0].data_ptr<float>() + from, saved[1].data_ptr<float>() + from, dy.data_ptr<float>() + from,
                              da.data_ptr<float>() + from, db.data_ptr<float>() + from, to - from);
    });
    return {da, db};
  }
};

Tensor gate(const Tensor& a, const Tensor& b) { return wanted({&a, &b}) ? Gate::apply(a, b) : gate_of(a, b); }

// Queries, keys and values, turned by their places -----------------------------------------------------------------------

retort::Grouped grouped(const Tensor& fused, const Tensor& cosines, const Tensor& sines) {
  check(cosines, at::kFloat, "cosines");
  check(sines, at::kFloat, "sines");
  TORCH_CHECK(fused.dim() == 5 && fused.size(3) > 2 && fused.size(4) % 2 == 0, "retort: the projection must be (B, T, G, each + 2, h), h even");
  const int64_t batch = fused.size(0), length = fused.size(1), angles = length * fused.size(4) / 2;
  TORCH_CHECK((cosines.numel() == angles || cosines.numel() == batch * angles) && sines.numel() == cosines.numel(),
              "retort: cosines and sines do not fit the projection");
  return {batch, length, fused.size(2), fused.size(3) - 2, fused.size(4), cosines.data_ptr<float>(), sines.data_ptr<float>(),
          batch > 1 && cosines.numel() == batch * angles, static_cast<float>(1 / std::sqrt(static_cast<double>(fused.size(4))))};
}

variable_list split_of(const Tensor& fused, const Tensor& cosines, const Tensor& sines) {
  check_either(fused, "fused");
  const auto g = grouped(fused, cosines, sines);
  auto q = at::empty({g.batch, g.groups, g.each * g.length, g.width}, fused.options());
  auto k = at::empty({g.batch, g.groups, g.length, g.width}, fused.options()), v = at::empty_like(k);
  at::parallel_for(0, g.batch, std::max<int64_t>(1, (1 << 15) / std::max<int64_t>(1, fused.numel() / g.batch)), [&](int64_t from, int64_t to) {
    for (int64_t b = from; b < to; b++) llama().split(g, b, fused.data_ptr(), q.data_ptr(), k.data_ptr(), v.data_ptr(), half(fused));
  });
  return {q, k, v};
}

struct Split : Function<Split> {
  static variable_list forward(AutogradContext* context, const Tensor& fused, const Tensor& cosines, const Tensor& sines) {
    check(fused, at::kFloat, "fused");
    context->save_for_backward({cosines, sines});
    context->saved_data["shape"] = fused.sizes().vec();
    return split_of(fused, cosines, sines);
  }
  static variable_list backward(AutogradContext* context, variable_list grads) {
    once();
    const auto saved = context->get_saved_variables();
    const auto dq = grads[0].contiguous(), dk = grads[1].contiguous(), dv = grads[2].contiguous();
    auto dfused = at::empty(context->saved_data["shape"].toIntVector(), dq.options());
    const auto g = grouped(dfused, saved[0], saved[1]);
    at::parallel_for(0, g.batch, std::max<int64_t>(1, (1 << 15) / std::max<int64_t>(1, dfused.numel() / g.batch)), [&](int64_t from, int64_t to) {
      for (int64_t b = from; b < to; b++)
        llama().split_backward(g, b, dq.data_ptr<float>(), dk.data_ptr<float>(), dv.data_ptr<float>(), dfused.data_ptr<float>());
    });
    return {dfused, Tensor(), Tensor()};
  }
};

std::tuple<Tensor, Tensor, Tensor> split_heads(const Tensor& fused, const Tensor& cosines, const Tensor& sines) {
  const auto parts = wanted({&fused}) ? Split::apply(fused, cosines, sines) : split_of(fused, cosines, sines);
  return {parts[0], parts[1], parts[2]};
}

// Products of few rows with a large weight ---------------------------------------------------------------------------------

template <class F> void for_outputs(int64_t inputs, int64_t outputs, F body) {
  // In fours, of which each thread gets its own.
  at::parallel_for(0, (outputs + 3) / 4, std::max<int64_t>(1, (1 << 17) / std::max<int64_t>(1, inputs)), [&](int64_t from, int64_t to) {
    body(from * 4, std::min(outputs, to * 4));
  });
}

// x (..., K) and w (O, K), both bfloat16.
Tensor linear_rows(const Tensor& x, const Tensor& w) {
  check(x, at::kBFloat16, "x");
  check(w, at::kBFloat16, "w");
  TORCH_CHECK(w.dim() == 2 && x.size(-1) == w.size(1) && w.size(1) % 32 == 0, "retort: x must be (..., K) and w (O, K), K a multiple of 32");
  const int64_t inputs = w.size(1), outputs = w.size(0), rows = x.numel() / inputs;
  auto shape = x.sizes().vec();
  shape.back() = outputs;
  auto y = at::empty(shape, x.options());
  for_outputs(inputs, outputs, [&](int64_t first, int64_t last) {
    llama().multiply(static_cast<const uint16_t*>(x.data_ptr()), rows, static_cast<const uint16_t*>(w.data_ptr()), inputs, first, last, outputs,
                       static_cast<uint16_t*>(y.data_ptr()));
  });
  return y;
}

// x (..., K) of float32, w (O, K) of int8, scales (O): x times the transpose of diag(scales) w.
Tensor linear_bytes(const Tensor& x, const Tensor& w, const Tensor& scales) {
  check(x, at::kFloat, "x");
  check(w, at::kChar, "w");
  check(scales, at::kFloat, "scales");
  TORCH_CHECK(w.dim() == 2 && x.size(-1) == w.size(1) && w.size(1) % 64 == 0 && scales.numel() == w.size(0),
              "retort: x must be (..., K), w (O, K) and scales (O), K a multiple of 64");
  const int64_t inputs = w.size(1), outputs = w.size(0), rows = x.numel() / inputs;
  auto shape = x.sizes().vec();
  shape.back() = outputs;
  auto y = at::empty(shape, x.options());
  for_outputs(inputs, outputs, [&](int64_t first, int64_t last) {
    llama().multiply_bytes(x.data_ptr<float>(), rows, w.data_ptr<int8_t>(), scales.data_ptr<float>(), inputs, first, last, outputs, y.data_ptr<float>());
  });
  return y;
}

// A whole layer for one more token of a few rows ----------------------------------------------------------------------------

void add_to(const Tensor& x, const Tensor& y) {
  auto* to = x.data_ptr<c10::BFloat16>();
  const auto* from = y.data_ptr<c10::BFloat16>();
  for (int64_t i = 0, count = x.numel(); i < count; i++) to[i] = static_cast<float>(to[i]) + static_cast<float>(from[i]);
}

// Of bfloat16, or of bytes where there are scales.
Tensor projected(const Tensor& x, at::TensorList weights, at::TensorList scales, int64_t i) {
  return scales.empty() ? linear_rows(x, weights[i]) : linear_bytes(x.to(at::kFloat), weights[i], scales[i]).to(at::kBFloat16);
}

// x (B, 1, D) of bfloat16; norms: the two; weights: q k v, output, gate, up and down, with their scales if they are bytes; keys and values
// (B, G, capacity, h), which get the token at `place`; prompt: keys, values and gates, or nothing. Where the weights are read from memory at
// each token, what stands between them runs with cold caches: so it is one call.
Tensor llama_layer(const Tensor& x, at::TensorList norms, at::TensorList weights, at::TensorList scales, const Tensor& cosines, const Tensor& sines,
                   const Tensor& keys, const Tensor& values, int64_t place, double epsilon, const Maybe& left, at::TensorList prompt) {
  check(x, at::kBFloat16, "x");
  TORCH_CHECK(x.dim() == 3 && x.size(1) == 1 && norms.size() == 2 && weights.size() == 5 && (scales.empty() || scales.size() == 5) &&
                  (prompt.empty() || prompt.size() == 3) && keys.dim() == 4 && place >= 0 && place < keys.size(2) && keys.sizes() == values.sizes() &&
                  keys.is_contiguous() && values.is_contiguous() && keys.size(0) == x.size(0), "retort: x, weights and kept keys do not fit one another");
  const int64_t batch = x.size(0), groups = keys.size(1), head = keys.size(3), each = weights[0].size(0) / (groups * head) - 2;
  TORCH_CHECK(each > 0 && weights[0].size(0) == groups * (each + 2) * head, "retort: the projection does not fit the kept keys");
  const auto fused = projected(rms_of(x, norms[0], epsilon, nullptr), weights, scales, 0).view({batch, 1, groups, each + 2, head});
  const auto parts = split_of(fused, cosines, sines);
  for (int64_t i = 0; i < batch * groups; i++)
    for (int which : {1, 2})
      std::memcpy((which == 1 ? keys : values).data_ptr<c10::BFloat16>() + (i * keys.size(2) + place) * head, parts[which].data_ptr<c10::BFloat16>() + i * head,
                  head * 2);
  const Tensor none, &pk = prompt.empty() ? none : prompt[0], &pv = prompt.empty() ? none : prompt[1], &gates = prompt.empty() ? none : prompt[2];
  const auto mixed = retort::attend_one(parts[0], keys, values, place + 1, left.value_or(Tensor()), pk, pv, gates);
  const auto middle = projected(mixed, weights, scales, 1);
  add_to(middle, x);
  const auto normed = rms_of(middle, norms[1], epsilon, nullptr);
  const auto out = projected(gate_of(projected(normed, weights, scales, 2), projected(normed, weights, scales, 3)), weights, scales, 4);
  TORCH_CHECK(out.sizes() == x.sizes(), "retort: the layer's weights do not give its input's width");
  add_to(out, middle);
  return out;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(retort, m) {
  m.def("llama_layer(Tensor x, Tensor[] norms, Tensor[] weights, Tensor[] scales, Tensor cosines, Tensor sines, Tensor(a!) keys, Tensor(b!) values, "
        "int place, float epsilon, Tensor? left, Tensor[] prompt) -> Tensor");
  m.def("rms_norm(Tensor x, Tensor weight, float epsilon) -> Tensor");
  m.def("gate(Tensor a, Tensor b) -> Tensor");
  m.def("split_heads(Tensor fused, Tensor cosines, Tensor sines) -> (Tensor, Tensor, Tensor)");
  m.def("linear_rows(Tensor x, Tensor w) -> Tensor");
  m.def("linear_bytes(Tensor x, Tensor w, Tensor scales) -> Tensor");
}

TORCH_LIBRARY_IMPL(retort, CPU, m) {
  m.impl("rms_norm", rms_norm);
  m.impl("gate", gate);
  m.impl("split_heads", split_heads);
  m.impl("linear_rows", linear_rows);
  m.impl("linear_bytes", linear_bytes);
  m.impl("llama_layer", llama_layer);
}

TORCH_LIBRARY_IMPL(retort, AutogradCPU, m) {
  m.impl("rms_norm", rms_norm);
  m.impl("gate", gate);
  m.impl("split_heads", split_heads);
}
