// What the operators of linear layers share: checks, packed factors, parts of rows.
#pragma once

#include "operators.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

namespace {

inline int64_t up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
inline int64_t units(int64_t n, bool half) { return half ? (n + 1) / 2 : n; }

inline void check_layer(const Tensor& x, const Tensor& weight, const Tensor& bias, bool lower) {
  check(x, true, "x");
  check(weight, false, "weight");
  if (bias.defined()) check(bias, false, "bias");
  TORCH_CHECK(x.dim() > 0 && weight.dim() == 2 && weight.size(1) == x.size(-1) && weight.size(1) > 0 &&
                  (!bias.defined() || (bias.dim() == 1 && bias.size(0) == weight.size(0))), "retort: x, weight and bias do not fit one another");
  TORCH_CHECK(!lower || kernels().bfloat16, "retort: no bfloat16 on this processor");
  TORCH_CHECK(!(lower || half(x)) || (weight.size(0) % 2 == 0 && weight.size(1) % 2 == 0), "retort: in bfloat16 both widths must be even");
}

inline Tensor unit_memory(int64_t count) { return at::empty({count}, at::TensorOptions(at::kInt)); }
inline uint32_t* data(const Tensor& t) { return reinterpret_cast<uint32_t*>(t.data_ptr<int32_t>()); }

// The right factor W^T (transposed) or W of a product.
inline Tensor packed(const Tensor& w, int64_t rows, int64_t width, bool transposed, bool lower) {
  const int64_t panel = kernels().panel, k = units(transposed ? width : rows, lower), panels = up(transposed ? rows : width, panel) / panel;
  auto to = unit_memory(panels * panel * k);
  at::parallel_for(0, panels, std::max<int64_t>(1, 32768 / std::max<int64_t>(1, panel * k)), [&](int64_t from, int64_t until) {
    kernels().pack_right(w.data_ptr(), half(w), rows, width, transposed, lower, from, until, data(to));
  });
  return to;
}

// A part of the rows of x, as the left factor of a product.
struct Rows {
  const char* at;
  int64_t count, width;
  bool half;
};
inline Rows rows_of(const Tensor& x, int64_t first, int64_t count, int64_t width) {
  return {static_cast<const char*>(x.data_ptr()) + first * width * (half(x) ? 2 : 4), count, width, half(x)};
}
inline void* place(const Tensor& t, int64_t element) { return static_cast<char*>(t.data_ptr()) + element * (half(t) ? 2 : 4); }

inline retort::Product product_of(const Rows& a, const Tensor& b, int64_t n, const Tensor& out, int64_t first) {
  retort::Product p{};
  p.a = a.at;
  p.b = data(b);
  p.m = a.count;
  p.n = n;
  p.k = units(a.width, a.half);
  p.half = a.half;
  p.out = place(out, first * n);
  p.out_half = half(out);
  return p;
}

// body(first, count) for parts of the rows that are long enough to share a packed factor, short enough to stay in the cache.
template <class F> void for_rows(int64_t rows, F body) {
  const int64_t part = 8 * kernels().tall, parts = (rows + part - 1) / part;
  at::parallel_for(0, parts, 1, [&](int64_t from, int64_t until) {
    for (int64_t i = from; i < until; i++) body(i * part, std::min(part, rows - i * part));
  });
}

inline Tensor lowered(const Tensor& x, bool lower) { return lower && !half(x) ? x.to(at::kBFloat16) : x; }
inline std::vector<int64_t> shape_of(const Tensor& x, int64_t width) {
  auto shape = x.sizes().vec();
  shape.back() = width;
  return shape;
}
inline int64_t rows_in(const Tensor& x) { return x.numel() / x.size(-1); }
inline const float* values(const Tensor& t) { return t.defined() ? t.data_ptr<float>() : nullptr; }

}  // namespace
