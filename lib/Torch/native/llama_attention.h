// Grouped attention of a few or of all tokens to those before them, and to an adapter's rows by a softmax of their own; row by row, with
// what a row needs in the core's first cache.
#pragma once

#include <algorithm>
#include <vector>

#include "llama.h"
#include "vectors.h"

namespace {

// Sums over the lanes of 2 bit vectors at once, whose lanes hold them already for the bits above: in the end lane i is the sum of a[i].
template <int bit> inline void fold(V* a) {
  if constexpr (bit > 0) {
    I own, other;
    for (int l = 0; l < W; l++) {
      own[l] = l & bit ? l + W : l;
      other[l] = (l ^ bit) + (l & bit ? W : 0);
    }
    for (int i = 0; i < bit; i++) a[i] = __builtin_shuffle(a[i], a[i + bit], own) + __builtin_shuffle(a[i], a[i + bit], other);
    fold<bit / 2>(a);
  }
}

// Of W rows their products with x; a known width lets the compiler address them without a register each.
template <bool half, int known> inline V products(const float* x, const void* rows, int64_t first, int64_t width) {
  if constexpr (known) width = known;
  V a[W];
  for (int i = 0; i < W; i++) a[i] = V{};
  for (int64_t j = 0; j < width; j += W) {
    const V v = load(x + j);
    for (int i = 0; i < W; i++) a[i] += v * load(rows, (first + i) * width + j, half);
  }
  fold<W / 2>(a);
  return a[0];
}

// scores[s] = x . rows[s] up to whole vectors, of which what is beyond count means nothing; there is memory for `room` rows.
template <bool half> void dots(const float* x, const void* rows, int64_t count, int64_t room, int64_t width, float* scores) {
  int64_t s = 0;
  for (; s < count && s + W <= room; s += W)
    put(scores + s, width == 32   ? products<half, 32>(x, rows, s, width)
                    : width == 64 ? products<half, 64>(x, rows, s, width)
                                  : products<half, 0>(x, rows, s, width));
  for (; s < count; s++) {
    V a{};
    for (int64_t j = 0; j < width; j += W) a += load(x + j) * load(rows, s * width + j, half);
    scores[s] = sum(a);
  }
}

inline V lanes_below(int64_t n, V x) {
  I lane;
  for (int i = 0; i < W; i++) lane[i] = i;
  return lane < static_cast<int32_t>(n) ? x : V{};
}

// Scores to weights whose sum is 1; beyond count they are 0.
inline void soften(float* scores, int64_t count) {
  const int64_t whole = (count + W - 1) / W * W;
  for (int64_t i = count; i < whole; i++) scores[i] = -__builtin_inff();
  V top = load(scores), total{};
  for (int64_t i = W; i < whole; i += W) top = larger(load(scores + i), top);
  const float most = largest(top);
  for (int64_t i = 0; i < whole; i += W) {
    V e = exponential(load(scores + i) - most);
    if (i + W > count) e = lanes_below(count - i, e);
    total += e;
    put(scores + i, e);
  }
  const float inverse = 1 / sum(total);
  for (int64_t i = 0; i < whole; i += W) put(scores + i, load(scores + i) * inverse);
}

// out += factor sum_s weights[s] rows[s]
template <bool half> void mix(const float* weights, const void* rows, int64_t count, int64_t width, float factor, float* out) {
  const int64_t whole = count / 4 * 4;
  for (int64_t j = 0; j < width; j += W) {
    V a[4]{};
    for (int64_t s = 0; s < whole; s += 4)
      for (int i = 0; i < 4; i++) a[i] += weights[s + i] * load(rows, (s + i) * width + j, half);
    for (int64_t s = whole; s < count; s++) a[0] += weights[s] * load(rows, s * width + j, half);
    put(out + j, load(out + j) + ((a[0] + a[1]) + (a[2] + a[3])) * factor);
  }
}

// The keys that token t of row b sees: `first` of them are hidden at the left. A token of the padding sees itself.
inline int64_t seen(const retort::Kept& a, int64_t b, int64_t t, int64_t* first) {
  const int64_t last = a.all - a.length + t;
  *first = a.left && a.left[b] < last ? a.left[b] : a.left ? last : 0;
  return last + 1 - *first;
}

inline const void* at(const void* p, int64_t element, bool half) { return static_cast<const char*>(p) + element * (half ? 2 : 4); }

template <bool half> void attend_group(const retort::Kept& a, int64_t b, int64_t g, void* out) {
  const int64_t h = a.width, pad = (std::max(a.all, a.rows) + W - 1) / W * W;
  std::vector<float> scratch(pad + 2 * h);
  float *scores = scratch.data(), *q = scores + pad, *o = q + h;
  const void *k = at(a.k, b * a.k_batch + g * a.k_group, half), *v = at(a.v, b * a.v_batch + g * a.v_group, half);
  for (int64_t e = 0; e < a.each; e++) {
    const int64_t n = g * a.each + e, heads = a.groups * a.each, prompt = ((a.own ? b * heads : 0) + n) * a.rows * h;
    for (int64_t t = 0; t < a.length; t++) {
      for (int64_t j = 0; j < h; j += W) {
        put(q + j, load(a.q, ((b * heads + n) * a.length + t) * h + j, half));
        put(o + j, V{});
      }
      int64_t first;
      const int64_t count = seen(a, b, t, &first);
      dots<half>(q, at(k, first * h, half), count, a.all - first, h, scores);
      soften(scores, count);
      mix<half>(scores, at(v, first * h, half), count, h, 1, o);
      if (a.rows) {
        dots<half>(q, at(a.prompt_keys, prompt, half), a.rows, a.rows, h, scores);
        soften(scores, a.rows);
        mix<half>(scores, at(a.prompt_values, prompt, half), a.rows, h, a.gates[n], o);
      }
      for (int64_t j = 0; j < h; j += W) store(out, ((b * a.length + t) * heads + n) * h + j, load(o + j), half);
    }
  }
}

void attend_kept(const retort::Kept& a, int64_t b, int64_t g, void* out, bool half) {
  if (half) attend_group<true>(a, b, g, out);
  else attend_group<false>(a, b, g, out);
}

// What one softmax over rows of keys and values gets of one query: q, its output's gradient d, its weights p, and what goes on to p (in
// `slopes`, which becomes the scores' gradient). dq is added to, and dk and dv where they are wanted.
inline void spread(const float* q, const float* d, const float* k, const float* p, float* slopes, int64_t count, int64_t h, float factor, float* dq,
                   float* dk, float* dv) {
  V total{};
  const int64_t whole = (count + W - 1) / W * W;
  for (int64_t s = count; s < whole; s++) slopes[s] = 0;
  for (int64_t s = 0; s < whole; s += W) total += load(p + s) * load(slopes + s);
  const float mean = sum(total);
  for (int64_t s = 0; s < whole; s += W) put(slopes + s, load(p + s) * (load(slopes + s) - mean) * factor);
  for (int64_t s = 0; s < count; s++) {
    const float slope = slopes[s], weight = p[s] * factor;
    for (int64_t j = 0; j < h; j += W) {
      put(dk + s * h + j, load(dk + s * h + j) + slope * load(q + j));
      put(dv + s * h + j, load(dv + s * h + j) + weight * load(d + j));
    }
  }
  if (dq) mix<false>(slopes, k, count, h, 1, dq);
}

// Gradients of one group of float32: dq, dk and dv all or none; those of the prompt's rows of this batch row, and of the gates.
void attend_kept_backward(const retort::Kept& a, int64_t b, int64_t g, const float* dout, const retort::KeptSlopes& to) {
  const int64_t h = a.width, pad = (std::max(a.all, a.rows) + W - 1) / W * W, heads = a.groups * a.each;
  std::vector<float> scratch(2 * pad + h);
  float *p = scratch.data(), *slopes = p + pad, *mixed = slopes + pad;
  const float *k = static_cast<const float*>(a.k) + b * a.k_batch + g * a.k_group, *v = static_cast<const float*>(a.v) + b * a.v_batch + g * a.v_group;
  for (int64_t e = 0; e < a.each; e++) {
    const int64_t n = g * a.each + e, prompt = ((a.own ? b * heads : 0) + n) * a.rows * h, own = (b * heads + n) * a.rows * h;
    float gate = 0;
    for (int64_t t = 0; t < a.length; t++) {
      const int64_t row = ((b * heads + n) * a.length + t) * h;
      const float *q = static_cast<const float*>(a.q) + row, *d = dout + ((b * a.length + t) * heads + n) * h;
      float* dq = to.q ? to.q + row : nullptr;
      if (dq) {
        for (int64_t j = 0; j < h; j += W) put(dq + j, V{});
        int64_t first;
        const int64_t count = seen(a, b, t, &first), from = first * h, group = (b * a.groups + g) * a.all * h + from;
        dots<false>(q, k + from, count, a.all - first, h, p);
        soften(p, count);
        dots<false>(d, v + from, count, a.all - first, h, slopes);
        spread(q, d, k + from, p, slopes, count, h, 1, dq, to.k + group, to.v + group);
      }
      if (a.rows) {
        const float *pk = static_cast<const float*>(a.prompt_keys) + prompt, *pv = static_cast<const float*>(a.prompt_values) + prompt;
        dots<false>(q, pk, a.rows, a.rows, h, p);
        soften(p, a.rows);
        dots<false>(d, pv, a.rows, a.rows, h, slopes);
        for (int64_t j = 0; j < h; j += W) put(mixed + j, V{});
        mix<false>(p, pv, a.rows, h, 1, mixed);
        V product{};
        for (int64_t j = 0; j < h; j += W) product += load(mixed + j) * load(d + j);
        gate += sum(product);
        spread(q, d, pk, p, slopes, a.rows, h, a.gates[n], dq, to.prompt_keys + own, to.prompt_values + own);
      }
    }
    if (a.rows) to.gates[b * heads + n] = gate;
  }
}

}  // namespace
