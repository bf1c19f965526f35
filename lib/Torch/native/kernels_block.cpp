// A whole transformer block with the norms in front (x += attention(norm1(x)); x += mlp(norm2(x))), clip by clip, so that all between its
// input and its output stays in the cache of a core; the same bits as its parts one after another. No gradient.
#include "layers.h"

#include <torch/library.h>

namespace retort {
at::Tensor packed_weight(const at::Tensor& w, int64_t rows, int64_t width, bool lower);  // of kernels_linear.cpp
}

#include <tuple>
#include <vector>

namespace {

// Of one clip.
struct Memory {
  Tensor sum, qkv, mixed, normed, projected, active;
};

// weights: norm1 (weight, bias), qkv, proj, norm2, fc1, fc2. Without `before` the sum is x. Gives x + before + attention and what the mlp
// adds to it, whose sum is left to the next block's norm.
std::tuple<Tensor, Tensor> block(const Tensor& x, const Maybe& before, at::TensorList weights, int64_t heads, double epsilon, bool lower,
                                 const Maybe& lengths) {
  TORCH_CHECK(weights.size() == 12 && x.dim() == 3 && heads > 0, "retort: a block has twelve weights and works on (B, T, D)");
  check(x, false, "x");
  const Tensor y = before.value_or(Tensor()), valid = lengths.value_or(Tensor());
  if (y.defined()) check(y, true, "before");
  const int64_t B = x.size(0), T = x.size(1), D = x.size(2), H = weights[8].size(0), part = 8 * kernels().tall;
  const auto type = x.options().dtype(lower ? at::kBFloat16 : at::kFloat);
  const Tensor sample = at::empty({1, D}, type), wide = at::empty({1, H}, type);
  check_layer(sample, weights[2], weights[3], lower);
  check_layer(sample, weights[4], weights[5], lower);
  check_layer(sample, weights[8], weights[9], lower);
  check_layer(wide, weights[10], weights[11], lower);
  for (int i : {0, 1, 6, 7}) {
    check(weights[i], false, "a norm's weight");
    TORCH_CHECK(weights[i].numel() == D, "retort: x and a norm's weight do not fit one another");
  }
  TORCH_CHECK(D % (16 * heads) == 0 && weights[2].size(0) == 3 * D && weights[4].size(0) == D && weights[10].size(0) == D &&
                  (!y.defined() || y.sizes() == x.sizes()), "retort: x and the block's weights do not fit one another");
  if (valid.defined()) {
    TORCH_CHECK(valid.device().is_cpu() && valid.is_contiguous() && valid.scalar_type() == at::kLong && valid.numel() == B,
                "retort: lengths must be (B) of int64 on the CPU");
    for (int64_t b = 0; b < B; b++) {
      const int64_t n = valid.data_ptr<int64_t>()[b];
      TORCH_CHECK(n >= 1 && n <= T, "retort: row ", b, " has length ", n, "; it must lie in 1..", T);
    }
  }
  auto sums = at::empty_like(x), added = at::empty(x.sizes(), type);
  const Tensor qkv_weight = retort::packed_weight(weights[2], 3 * D, D, lower), proj = retort::packed_weight(weights[4], D, D, lower),
               fc1 = retort::packed_weight(weights[8], H, D, lower), fc2 = retort::packed_weight(weights[10], D, H, lower);
  at::parallel_for(0, B, 1, [&](int64_t from, int64_t until) {
    const Memory m{at::empty({T, D}, x.options()), at::empty({T, 3 * D}, type),    at::empty({T, D}, type),
                   at::empty({part, D}, type),     at::empty({part, D}, type), at::empty({part, H}, type)};
    const auto norm = [&](const float* a, const void* b, bool b_half, int i, int64_t rows, float* sum) {
      kernels().norm(a, b, b_half, values(weights[i]), values(weights[i + 1]), static_cast<float>(epsilon), rows, D, sum, m.normed.data_ptr(),
                     lower, nullptr);
    };
    for (int64_t b = from; b < until; b++) {
      float* clip = x.data_ptr<float>() + b * T * D;
      float* first = y.defined() ? m.sum.data_ptr<float>() : clip;
      for (int64_t r = 0; r < T; r += part) {
        const int64_t rows = std::min(part, T - r);
        norm(clip + r * D, y.defined() ? place(y, (b * T + r) * D) : nullptr, y.defined() && half(y), 0, rows, first + r * D);
        auto p = product_of(rows_of(m.normed, 0, rows, D), qkv_weight, 3 * D, m.qkv, r);
        p.bias = values(weights[3]);
        kernels().product(p, 0, rows);
      }
      const retort::Packed packed{m.qkv.data_ptr(), 1, T, heads, D / heads, lower, valid.defined() ? valid.data_ptr<int64_t>() + b : nullptr};
      for (int64_t h = 0; h < heads; h++) kernels().attention(packed, h, 0, 1, m.mixed.data_ptr(), nullptr);
      for (int64_t r = 0; r < T; r += part) {
        const int64_t rows = std::min(part, T - r), at = b * T + r;
        auto p = product_of(rows_of(m.mixed, r, rows, D), proj, D, m.projected, 0);
        p.bias = values(weights[5]);
        kernels().product(p, 0, rows);
        norm(first + r * D, m.projected.data_ptr(), lower, 6, rows, sums.data_ptr<float>() + at * D);
        auto up = product_of(rows_of(m.normed, 0, rows, D), fc1, H, m.active, 0);
        up.bias = values(weights[9]);
        up.gelu = true;
        kernels().product(up, 0, rows);
        auto down = product_of(rows_of(m.active, 0, rows, H), fc2, D, added, at);
        down.bias = values(weights[11]);
        kernels().product(down, 0, rows);
      }
    }
  });
  return {sums, added};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(retort, m) {
  m.def("block(Tensor x, Tensor? before, Tensor[] weights, int heads, float epsilon, bool lower, Tensor? lengths) -> (Tensor, Tensor)");
}

TORCH_LIBRARY_IMPL(retort, CPU, m) { m.impl("block", block); }
