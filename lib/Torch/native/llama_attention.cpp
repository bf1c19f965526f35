// Grouped attention with an adapter's rows beside it as an operator of libtorch's dispatcher: in float32 with gradients, in bfloat16
// without. Who calls it asks retort::kernels first.
#include "llama.h"
#include "operators.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <vector>

namespace retort {
const LlamaKernels& llama_kernels();  // of llama.cpp
}

namespace retort {

// Attention of one more token of each row, of a type without gradients; keys and values (B, G, capacity, h), of which `all` are read.
Tensor attend_one(const Tensor& q, const Tensor& keys, const Tensor& values, int64_t all, const Tensor& left, const Tensor& prompt_keys,
                  const Tensor& prompt_values, const Tensor& gates);

}  // namespace retort

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// q (B, G, each T, h) of which the last `length` T are the queries' places; k and v (B, G, S, h), whose last two axes are contiguous.
retort::Kept kept(const Tensor& q, const Tensor& k, const Tensor& v, int64_t length, const Tensor& left, const Tensor& prompt_keys,
                  const Tensor& prompt_values, const Tensor& gates) {
  TORCH_CHECK(q.dim() == 4 && k.dim() == 4 && v.dim() == 4 && length > 0 && q.size(2) > 0 && q.size(2) % length == 0 && q.size(3) > 0 && q.size(3) % 16 == 0,
              "retort: queries must be (B, G, each T, h), keys and values (B, G, S, h), h a multiple of 16");
  check(q, true, "q");
  for (const auto& t : {k, v}) {
    TORCH_CHECK(t.device().is_cpu() && !t.is_neg() && t.scalar_type() == q.scalar_type() && t.size(0) == q.size(0) && t.size(1) == q.size(1) &&
                    t.size(2) == k.size(2) && t.size(2) >= length && t.size(3) == q.size(3) && t.stride(3) == 1 && t.stride(2) == t.size(3),
                "retort: keys and values do not fit the queries");
  }
  retort::Kept a{q.size(0), length, k.size(2), q.size(1), q.size(2) / length, q.size(3), q.data_ptr(), k.data_ptr(), v.data_ptr(),
                 k.stride(0), k.stride(1), v.stride(0), v.stride(1), nullptr, 0, nullptr, nullptr, nullptr, false};
  if (left.defined()) {
    TORCH_CHECK(left.device().is_cpu() && left.is_contiguous() && left.scalar_type() == at::kLong && left.numel() == a.batch, "retort: left must be (B) of int64");
    a.left = left.data_ptr<int64_t>();
    for (int64_t b = 0; b < a.batch; b++) TORCH_CHECK(a.left[b] >= 0 && a.left[b] < a.all, "retort: row ", b, " hides ", a.left[b], " of ", a.all, " keys");
  }
  if (prompt_keys.defined()) {
    check(prompt_keys, true, "prompt keys");
    check(prompt_values, true, "prompt values");
    check(gates, false, "gates");
    TORCH_CHECK(prompt_keys.dim() == 4 && prompt_keys.sizes() == prompt_values.sizes() && prompt_keys.scalar_type() == q.scalar_type() &&
                    prompt_values.scalar_type() == q.scalar_type() && (prompt_keys.size(0) == 1 || prompt_keys.size(0) == a.batch) &&
                    prompt_keys.size(1) == a.groups * a.each && prompt_keys.size(2) > 0 && prompt_keys.size(3) == a.width && gates.numel() == a.groups * a.each,
                "retort: the prompt's rows do not fit the queries");
    a.rows = prompt_keys.size(2);
    a.prompt_keys = prompt_keys.data_ptr();
    a.prompt_values = prompt_values.data_ptr();
    a.gates = gates.data_ptr<float>();
    a.own = prompt_keys.size(0) > 1;
  }
  return a;
}

template <class F> void for_groups(const retort::Kept& a, F body) {
  const int64_t work = a.each * a.length * (a.all + a.rows) * a.width;
  at::parallel_for(0, a.batch * a.groups, std::max<int64_t>(1, (1 << 15) / std::max<int64_t>(1, work)), [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) body(i / a.groups, i % a.groups);
  });
}

Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, int64_t length, const Tensor& left, const Tensor& prompt_keys,
              const Tensor& prompt_values, const Tensor& gates) {
  const auto a = kept(q, k, v, length, left, prompt_keys, prompt_values, gates);
  auto out = at::empty({a.batch, a.length, a.groups * a.each * a.width}, q.options());
  for_groups(a, [&](int64_t b, int64_t g) { retort::llama_kernels().attend(a, b, g, out.data_ptr(), half(q)); });
  return out;
}

}  // namespace

Tensor retort::attend_one(const Tensor& q, const Tensor& keys, const Tensor& values, int64_t all, const Tensor& left, const Tensor& prompt_keys,
                          const Tensor& prompt_values, const Tensor& gates) {
  auto a = kept(q, keys, values, 1, left, prompt_keys, prompt_values, gates);
  a.all = all;
  auto out = at::empty({a.batch, 1, a.groups * a.each * a.width}, q.options());
  for_groups(a, [&](int64_t b, int64_t g) { llama_kernels().attend(a, b, g, out.data_ptr(), half(q)); });
  return out;
}

namespace {

struct Attend : Function<Attend> {
  static Tensor forward(AutogradContext* context, const Tensor& q, const Tensor& k, const Tensor& v, int64_t length, const Maybe& left,
                        const Maybe& prompt_keys, const Maybe& prompt_values, const Maybe& gates) {
    check(q, false, "q");
    const Tensor hidden = left.value_or(Tensor()), pk = prompt_keys.value_or(Tensor()), pv = prompt_values.value_or(Tensor()), gate = gates.value_or(Tensor());
    context->save_for_backward({q, k, v, hidden, pk, pv, gate});
    context->saved_data["length"] = length;
    context->saved_data["tokens"] = q.requires_grad() || k.requires_grad() || v.requires_grad();
    return attend(q, k, v, length, hidden, pk, pv, gate);
  }
  static variable_list backward(AutogradContext* context, variable_list grads) {
    once();
    const auto s = context->get_saved_variables();
    const auto a = kept(s[0], s[1], s[2], context->saved_data["length"].toInt(), s[3], s[4], s[5], s[6]);
    const auto dout = grads[0].contiguous();
    const auto options = s[0].options();
    Tensor dq, dk, dv, dpk, dpv, dgates;
    retort::KeptSlopes to{};
    if (context->saved_data["tokens"].toBool()) {
      dq = at::empty_like(s[0]);
      dk = at::zeros({a.batch, a.groups, a.all, a.width}, options);
      dv = at::zeros({a.batch, a.groups, a.all, a.width}, options);
      to.q = dq.data_ptr<float>();
      to.k = dk.data_ptr<float>();
      to.v = dv.data_ptr<float>();
    }
    if (a.rows) {
      const int64_t heads = a.groups * a.each;
      dpk = at::zeros({a.batch, heads, a.rows, a.width}, options);
      dpv = at::zeros({a.batch, heads, a.rows, a.width}, options);
      dgates = at::empty({a.batch, heads}, options);
      to.prompt_keys = dpk.data_ptr<float>();
      to.prompt_values = dpv.data_ptr<float>();
      to.gates = dgates.data_ptr<float>();
    }
    for_groups(a, [&](int64_t b, int64_t g) { retort::llama_kernels().attend_backward(a, b, g, dout.data_ptr<float>(), to); });
    if (a.rows) {
      dgates = dgates.sum(0).view(s[6].sizes());
      if (!a.own && a.batch > 1) {
        dpk = dpk.sum(0, true);
        dpv = dpv.sum(0, true);
      }
    }
    return {dq, dk, dv, Tensor(), Tensor(), dpk, dpv, dgates};
  }
};

Tensor attend_grouped(const Tensor& q, const Tensor& k, const Tensor& v, int64_t length, const Maybe& left, const Maybe& prompt_keys,
                      const Maybe& prompt_values, const Maybe& gates) {
  const Tensor none, &pk = prompt_keys ? *prompt_keys : none, &pv = prompt_values ? *prompt_values : none, &gate = gates ? *gates : none;
  return wanted({&q, &k, &v, &pk, &pv, &gate}) ? Attend::apply(q, k, v, length, left, prompt_keys, prompt_values, gates)
                                               : attend(q, k, v, length, left.value_or(Tensor()), pk, pv, gate);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(retort, m) {
  m.def("attend_grouped(Tensor q, Tensor k, Tensor v, int length, Tensor? left, Tensor? prompt_keys, Tensor? prompt_values, Tensor? gates) -> Tensor");
}
TORCH_LIBRARY_IMPL(retort, CPU, m) { m.impl("attend_grouped", attend_grouped); }
TORCH_LIBRARY_IMPL(retort, AutogradCPU, m) { m.impl("attend_grouped", attend_grouped); }
