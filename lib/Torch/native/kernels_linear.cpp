// Linear layers as operators of libtorch's dispatcher: y = x W^T + b, and two of them with the exact GELU between, with their
// gradients. In bfloat16 (x has that type, or `lower`) weights and gradients of weights stay float32: a weight is rounded while it is
// packed, its gradient is summed and kept in float32. Who calls them asks retort::kernels first.
#include "door.h"
#include "layers.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <map>

namespace retort {
at::Tensor packed_weight(const at::Tensor& w, int64_t rows, int64_t width, bool lower);
}

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// dW = dy^T x (N, K) in float32, and the sums of dy's columns (N).
Tensor weight_gradient(const Tensor& dy, const Tensor& x, int64_t rows, int64_t n, int64_t width, Tensor* dbias) {
  const int64_t tall = kernels().tall, k = units(rows, half(dy)), tiles = up(n, tall) / tall;
  auto dw = at::empty({n, width}, x.options().dtype(at::kFloat));
  if (dbias) *dbias = at::empty({n}, dw.options());
  auto left = unit_memory(tiles * tall * k);
  auto right = packed(x, rows, width, false, half(x));
  retort::Product p{};
  p.a = data(left);
  p.tiled = true;
  p.b = data(right);
  p.m = n;
  p.n = width;
  p.k = k;
  p.half = half(dy);
  p.out_half = false;
  p.out = dw.data_ptr();
  at::parallel_for(0, tiles, std::max<int64_t>(1, (1 << 18) / std::max<int64_t>(1, tall * k)), [&](int64_t from, int64_t until) {
    kernels().pack_left(dy.data_ptr(), rows, n, half(dy), from, until, data(left), dbias ? dbias->data_ptr<float>() : nullptr);
    kernels().product(p, from * tall, std::min(n, until * tall));
  });
  return dw;
}

// Packed weights that a caller keeps from call to call (Fused.KeptWeights). A weight is packed anew when it lies elsewhere or its version
// counter moved, which every operator that writes to it sees to.
struct Kept {
  struct One {
    Tensor weight, factor;
    at::Storage memory;  // held, so that another weight cannot come to lie there
    const void* at;
    uint32_t version;
  };
  std::map<std::pair<const void*, bool>, One> ones;
};
thread_local Kept* kept = nullptr;

}  // namespace

// The weight as the right factor of x W^T, kept or made now. Blocks ask for it, too.
Tensor retort::packed_weight(const Tensor& w, int64_t rows, int64_t width, bool lower) {
  if (!kept || at::GradMode::is_enabled() || w.is_inference()) return packed(w, rows, width, true, lower);
  auto& one = kept->ones[{w.unsafeGetTensorImpl(), lower}];
  const auto version = w.unsafeGetTensorImpl()->version_counter().current_version();
  if (!one.factor.defined() || one.at != w.data_ptr() || one.version != version)
    one = {w, packed(w, rows, width, true, lower), w.storage(), w.data_ptr(), version};
  return one.factor;
}

namespace {

using retort::packed_weight;

// One layer ------------------------------------------------------------------------------------------------------------

// x has its type already.
Tensor linear_of(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const int64_t k = weight.size(1), n = weight.size(0);
  auto y = at::empty(shape_of(x, n), x.options());
  const auto w = packed_weight(weight, n, k, half(x));
  for_rows(rows_in(x), [&](int64_t first, int64_t count) {
    auto p = product_of(rows_of(x, first, count, k), w, n, y, first);
    p.bias = values(bias);
    kernels().product(p, 0, count);
  });
  return y;
}

struct Linear : Function<Linear> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, const Maybe& bias, bool lower) {
    const auto input = lowered(x, lower);
    const auto b = bias.value_or(Tensor());
    context->save_for_backward({input, weight});
    context->saved_data["x"] = x.requires_grad();
    context->saved_data["weight"] = weight.requires_grad() || (b.defined() && b.requires_grad());
    context->saved_data["bias"] = b.defined();
    context->saved_data["half"] = half(x);
    return linear_of(input, weight, b);
  }
  static variable_list backward(AutogradContext* context, variable_list grads) {
    once();
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    const int64_t k = weight.size(1), n = weight.size(0), rows = rows_in(x);
    const auto dy = grads[0].to(x.scalar_type()).contiguous();
    Tensor dx, dweight, dbias;
    if (context->saved_data["x"].toBool()) {
      dx = at::empty(x.sizes(), x.options().dtype(context->saved_data["half"].toBool() ? at::kBFloat16 : at::kFloat));
      const auto w = packed(weight, n, k, false, half(x));
      for_rows(rows, [&](int64_t first, int64_t count) {
        kernels().product(product_of(rows_of(dy, first, count, n), w, k, dx, first), 0, count);
      });
    }
    if (context->saved_data["weight"].toBool())
      dweight = weight_gradient(dy, x, rows, n, k, context->saved_data["bias"].toBool() ? &dbias : nullptr);
    return {dx, dweight, dbias, Tensor()};
  }
};

Tensor linear(const Tensor& x, const Tensor& weight, const Maybe& bias, bool lower) {
  const auto b = bias.value_or(Tensor());
  check_layer(x, weight, b, lower);
  return wanted({&x, &weight, &b}) ? Linear::apply(x, weight, bias, lower) : linear_of(lowered(x, lower), weight, b);
}

// Two layers -----------------------------------------------------------------------------------------------------------

// active, GELU of the first layer, and its slope (rows, H) are written where they are defined; else a part's rows of the former live
// in the cache alone.
Tensor mlp_of(const Tensor& x, const Tensor& weight1, const Tensor& bias1, const Tensor& weight2, const Tensor& bias2, const Tensor& active,
              const Tensor& slope) {
  const int64_t k = weight1.size(1), h = weight1.size(0), n = weight2.size(0);
  auto y = at::empty(shape_of(x, n), x.options());
  const auto w1 = packed_weight(weight1, h, k, half(x)), w2 = packed_weight(weight2, n, h, half(x));
  for_rows(rows_in(x), [&](int64_t first, int64_t count) {
    const auto between = active.defined() ? active : at::empty({count, h}, x.options());
    const int64_t from = active.defined() ? first : 0;
    auto p = product_of(rows_of(x, first, count, k), w1, h, between, from);
    p.bias = values(bias1);
    p.gelu = true;
    p.slope = slope.defined() ? place(slope, first * h) : nullptr;
    kernels().product(p, 0, count);
    auto q = product_of(rows_of(between, from, count, h), w2, n, y, first);
    q.bias = values(bias2);
    kernels().product(q, 0, count);
  });
  return y;
}

struct Mlp : Function<Mlp> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight1, const Tensor& bias1, const Tensor& weight2,
                        const Tensor& bias2, bool lower) {
    const auto input = lowered(x, lower);
    const auto active = at::empty({rows_in(x), weight1.size(0)}, input.options()), slope = at::empty(active.sizes(), input.options());
    context->save_for_backward({input, weight1, weight2, active, slope});
    context->saved_data["x"] = x.requires_grad();
    context->saved_data["half"] = half(x);
    return mlp_of(input, weight1, bias1, weight2, bias2, active, slope);
  }
  static variable_list backward(AutogradContext* context, variable_list grads) {
    once();
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight1 = saved[1], &weight2 = saved[2], &active = saved[3], &slope = saved[4];
    const int64_t k = weight1.size(1), h = weight1.size(0), n = weight2.size(0), rows = rows_in(x);
    const auto dy = grads[0].to(x.scalar_type()).contiguous();
    const bool with_x = context->saved_data["x"].toBool();
    const auto dhidden = at::empty(slope.sizes(), slope.options());
    const auto dx = with_x ? at::empty(x.sizes(), x.options().dtype(context->saved_data["half"].toBool() ? at::kBFloat16 : at::kFloat)) : Tensor();
    const auto w2 = packed(weight2, n, h, false, half(x)), w1 = with_x ? packed(weight1, h, k, false, half(x)) : Tensor();
    for_rows(rows, [&](int64_t first, int64_t count) {
      auto p = product_of(rows_of(dy, first, count, n), w2, h, dhidden, first);
      p.factor = place(slope, first * h);
      kernels().product(p, 0, count);
      if (with_x) kernels().product(product_of(rows_of(dhidden, first, count, h), w1, k, dx, first), 0, count);
    });
    Tensor dbias1, dbias2;
    auto dweight2 = weight_gradient(dy, active, rows, n, h, &dbias2);
    auto dweight1 = weight_gradient(dhidden, x, rows, h, k, &dbias1);
    return {dx, dweight1, dbias1, dweight2, dbias2, Tensor()};
  }
};

Tensor mlp(const Tensor& x, const Tensor& weight1, const Tensor& bias1, const Tensor& weight2, const Tensor& bias2, bool lower) {
  check_layer(x, weight1, bias1, lower);
  check(weight2, false, "weight2");
  check(bias2, false, "bias2");
  TORCH_CHECK(weight2.dim() == 2 && weight2.size(1) == weight1.size(0) && weight1.size(0) > 0 && bias2.dim() == 1 && bias2.size(0) == weight2.size(0) &&
                  (!(lower || half(x)) || weight2.size(0) % 2 == 0), "retort: the two layers do not fit one another");
  if (wanted({&x, &weight1, &bias1, &weight2, &bias2})) return Mlp::apply(x, weight1, bias1, weight2, bias2, lower);
  return mlp_of(lowered(x, lower), weight1, bias1, weight2, bias2, Tensor(), Tensor());
}

}  // namespace

DOOR Kept* door_kept_new() { return new (std::nothrow) Kept; }
DOOR void door_kept_free(Kept* k) { delete k; }
// On this thread until the next call; gives what held before.
DOOR Kept* door_kept_use(Kept* k) { return std::exchange(kept, k); }

TORCH_LIBRARY_FRAGMENT(retort, m) {
  m.def("linear(Tensor x, Tensor weight, Tensor? bias, bool lower) -> Tensor");
  m.def("mlp(Tensor x, Tensor weight1, Tensor bias1, Tensor weight2, Tensor bias2, bool lower) -> Tensor");
}

TORCH_LIBRARY_IMPL(retort, CPU, m) {
  m.impl("linear", linear);
  m.impl("mlp", mlp);
}

TORCH_LIBRARY_IMPL(retort, AutogradCPU, m) {
  m.impl("linear", linear);
  m.impl("mlp", mlp);
}
