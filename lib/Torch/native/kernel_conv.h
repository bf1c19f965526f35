// Depthwise convolutions of planes, and batch norm with SiLU, in one pass over memory each where the plain operators take several.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>

namespace {

inline V sigmoid(V x) {
  // Beyond it e^(-x) would be infinite.
  const V least = all(-80.f);
  return 1.f / (1.f + exponential(-(x < least ? least : x)));
}

// n values at element i, zeros beyond them.
inline V tail(const void* p, int64_t i, int64_t n, bool half) {
  if (n >= W) return load(p, i, half);
  if (n <= 0) return V{};
#if RETORT_WIDTH == 16
  const __mmask16 some = static_cast<__mmask16>((1u << n) - 1);
  if (half) return widen((H)_mm256_maskz_loadu_epi16(some, static_cast<const uint16_t*>(p) + i));
  return (V)_mm512_maskz_loadu_ps(some, static_cast<const float*>(p) + i);
#else
  float t[W] = {};
  for (int64_t k = 0; k < n; k++) t[k] = load1(p, i + k, half);
  return get<V>(t);
#endif
}
inline void put_tail(void* p, int64_t i, int64_t n, V v, bool half) {
  if (n >= W) return store(p, i, v, half);
#if RETORT_WIDTH == 16
  const __mmask16 some = static_cast<__mmask16>((1u << n) - 1);
  if (half) _mm256_mask_storeu_epi16(static_cast<uint16_t*>(p) + i, some, (__m256i)narrow(v));
  else _mm512_mask_storeu_ps(static_cast<float*>(p) + i, some, (__m512)v);
#else
  float t[W];
  put(t, v);
  for (int64_t k = 0; k < n; k++) store1(p, i + k, t[k], half);
#endif
}

// Of the 2 W values of a and b those at first, first + 2, ...
inline V every_other(V a, V b, int first) {
  I places;
  for (int i = 0; i < W; i++) places[i] = 2 * i + first;
  return __builtin_shuffle(a, b, places);
}

// The two of a pair in turn: a0 b0 a1 b1 ..., the first half and the second.
inline void in_turn(V a, V b, V& first, V& second) {
  I low, high;
  for (int i = 0; i < W; i++) {
    low[i] = i / 2 + (i % 2) * W;
    high[i] = W / 2 + i / 2 + (i % 2) * W;
  }
  first = __builtin_shuffle(a, b, low);
  second = __builtin_shuffle(a, b, high);
}

// The planes of a depthwise convolution in scratch, zeros around them, so that its loops need no borders.
struct Padded {
  const retort::Depthwise& d;
  int64_t blocks, pitch, rows, dpitch, left;

  explicit Padded(const retort::Depthwise& d) : d(d) {
    blocks = (d.out_width + W - 1) / W;
    left = (d.kernel - 1) / d.stride;
    pitch = blocks * W + left + W;                             // of one phase: columns first + stride j
    rows = (d.out_height - 1) * d.stride + d.kernel;
    dpitch = (d.width + d.before) / d.stride + 2 * W + 2 * left;  // of a row of gradients
  }

  // Row r and phase q hold at j the padded plane's (r, stride j + q).
  void fill(const void* plane, int64_t at, float* into) const {
    std::memset(into, 0, sizeof(float) * rows * d.stride * pitch);
    for (int64_t r = 0; r < rows; r++) {
      const int64_t y = r - d.before;
      if (y < 0 || y >= d.height) continue;
      float* row = into + r * d.stride * pitch;
      const int64_t from = at + y * d.width;
      if (d.stride == 1) {
        const int64_t count = std::min(d.width, pitch - d.before);
        for (int64_t i = 0; i < count; i += W) put_tail(row + d.before, i, count - i, tail(plane, from + i, count - i, d.half), false);
      } else {
        // Columns x = 2 k and 2 k + 1 become k of two phases. Whole vectors are put: what lies beyond the width is 0, and the pitch has room for it.
        float* even = row + (d.before & 1) * pitch + d.before / 2;
        float* odd = row + (1 - (d.before & 1)) * pitch + (d.before + 1) / 2;
        for (int64_t k = 0; 2 * k < d.width; k += W) {
          const V a = tail(plane, from + 2 * k, d.width - 2 * k, d.half), b = tail(plane, from + 2 * k + W, d.width - 2 * k - W, d.half);
          put(even + k, every_other(a, b, 0));
          put(odd + k, every_other(a, b, 1));
        }
      }
    }
  }
};

int64_t depthwise_scratch(const retort::Depthwise& d) {
  const Padded p(d);
  return p.rows * d.stride * p.pitch + (d.out_height + d.stride) * p.dpitch + 2 * W;
}

template <int K, int S>
void depthwise_rows(const Padded& p, const float* padded, const float* weight, float bias, bool silu, void* out, int64_t at) {
  const auto& d = p.d;
  V taps[K * K];
  for (int i = 0; i < K * K; i++) taps[i] = all(weight[i]);
  for (int64_t o = 0; o < d.out_height; o++) {
    const float* first = padded + o * S * S * p.pitch;
    for (int64_t j = 0; j < d.out_width; j += W) {
      // Two sums, so that products do not wait for one another.
      V even = all(bias), odd{};
      for (int kh = 0; kh < K; kh++) {
        const float* row = first + kh * S * p.pitch + j;
        for (int kw = 0; kw < K; kw++) {
          const V x = load(row + (kw % S) * p.pitch + kw / S);
          if ((kh * K + kw) % 2) odd += taps[kh * K + kw] * x;
          else even += taps[kh * K + kw] * x;
        }
      }
      V y = even + odd;
      if (silu) y = y * sigmoid(y);
      put_tail(out, at + o * d.out_width + j, d.out_width - j, y, d.half);
    }
  }
}

// Plane `index` of (batch, channels).
void depthwise(const retort::Depthwise& d, int64_t index, const void* x, const float* weight, const float* bias, bool silu, float* scratch, void* out) {
  const Padded p(d);
  const int64_t c = index % d.channels, at = index * d.out_height * d.out_width;
  p.fill(x, index * d.height * d.width, scratch);
  const float* w = weight + c * d.kernel * d.kernel;
  const float b = bias ? bias[c] : 0;
  const auto run = d.kernel == 3 ? d.stride == 1 ? depthwise_rows<3, 1> : depthwise_rows<3, 2> : d.stride == 1 ? depthwise_rows<5, 1> : depthwise_rows<5, 2>;
  run(p, scratch, w, b, silu, out, at);
}

template <int K, int S>
void depthwise_back(const Padded& p, const void* dout, int64_t at, const float* padded, const float* weight, float* slopes, void* dx, int64_t into, float* dweight) {
  const auto& d = p.d;
  // The gradient of the output with zeros beside it: column j + left.
  std::memset(slopes, 0, sizeof(float) * d.out_height * p.dpitch);
  for (int64_t o = 0; o < d.out_height; o++) {
    float* row = slopes + o * p.dpitch + p.left;
    for (int64_t j = 0; j < d.out_width; j += W) {
      const V v = tail(dout, at + o * d.out_width + j, d.out_width - j, d.half);
      put(row + j, v);
    }
  }
  for (int kh = 0; kh < K; kh++) {
    V sums[K] = {};
    for (int64_t o = 0; o < d.out_height; o++) {
      const float* row = padded + (o * S + kh) * S * p.pitch;
      const float* slope = slopes + o * p.dpitch + p.left;
      for (int64_t j = 0; j < d.out_width; j += W) {
        const V g = load(slope + j);
        for (int kw = 0; kw < K; kw++) sums[kw] += g * load(row + j + (kw % S) * p.pitch + kw / S);
      }
    }
    for (int kw = 0; kw < K; kw++) dweight[kh * K + kw] += sum(sums[kw]);
  }
  if (!dx) return;
  float* phases = slopes + d.out_height * p.dpitch;
  const int64_t count = (d.width + d.before + S - 1) / S;  // columns of a phase that touch the plane
  for (int64_t y = 0; y < d.height; y++) {
    const int64_t r = y + d.before;
    for (int64_t q = 0; q < S; q++) {
      for (int64_t j = 0; j < count; j += W) {
        V g{};
        for (int64_t kh = r % S; kh < K; kh += S) {
          const int64_t o = (r - kh) / S;
          if (r < kh || o >= d.out_height) continue;
          const float* row = slopes + o * p.dpitch + p.left + j;
          for (int64_t kw = q; kw < K; kw += S) g += weight[kh * K + kw] * load(row - kw / S);
        }
        put(phases + q * p.dpitch + j, g);
      }
    }
    const int64_t to = into + y * d.width;
    if constexpr (S == 1) {
      for (int64_t i = 0; i < d.width; i += W) put_tail(dx, to + i, d.width - i, load(phases + d.before + i), d.half);
    } else {
      const float* even = phases + (d.before & 1) * p.dpitch + d.before / 2;
      const float* odd = phases + (1 - (d.before & 1)) * p.dpitch + (d.before + 1) / 2;
      for (int64_t k = 0; 2 * k < d.width; k += W) {
        V first, second;
        in_turn(load(even + k), load(odd + k), first, second);
        put_tail(dx, to + 2 * k, d.width - 2 * k, first, d.half);
        if (2 * k + W < d.width) put_tail(dx, to + 2 * k + W, d.width - 2 * k - W, second, d.half);
      }
    }
  }
}

// All planes of a channel: dx (may be null), and the sum of dweight over the batch.
void depthwise_backward(const retort::Depthwise& d, int64_t channel, const void* x, const float* weight, const void* dout, float* scratch, void* dx, float* dweight) {
  const Padded p(d);
  const float* w = weight + channel * d.kernel * d.kernel;
  const auto run = d.kernel == 3 ? d.stride == 1 ? depthwise_back<3, 1> : depthwise_back<3, 2> : d.stride == 1 ? depthwise_back<5, 1> : depthwise_back<5, 2>;
  float* slopes = scratch + p.rows * d.stride * p.pitch;
  for (int64_t b = 0; b < d.batch; b++) {
    const int64_t index = b * d.channels + channel, in = index * d.height * d.width, out = index * d.out_height * d.out_width;
    p.fill(x, in, scratch);
    run(p, dout, out, scratch, w, slopes, dx, in, dweight + channel * d.kernel * d.kernel);
  }
}

// Batch norm of one channel of (batch, channels, size) in training; facts: mean and 1 / sqrt(variance + epsilon). Gives the mean and
// the unbiased variance for the running statistics.
void batch_norm(const retort::Channel& c, const void* x, float weight, float bias, float epsilon, bool silu, void* y, float* facts, double* seen) {
  const double count = static_cast<double>(c.batch) * c.size;
  double total = 0;
  for (int64_t b = 0; b < c.batch; b++) {
    const int64_t at = (b * c.channels + c.index) * c.size;
    V v{};
    for (int64_t i = 0; i < c.size; i += W) v += tail(x, at + i, c.size - i, c.half);
    total += sum(v);
  }
  const float mean = static_cast<float>(total / count);
  total = 0;
  for (int64_t b = 0; b < c.batch; b++) {
    const int64_t at = (b * c.channels + c.index) * c.size, whole = c.size / W * W;
    V v{};
    for (int64_t i = 0; i < whole; i += W) {
      const V d = load(x, at + i, c.half) - mean;
      v += d * d;
    }
    float rest = 0;
    for (int64_t i = whole; i < c.size; i++) {
      const float d = load1(x, at + i, c.half) - mean;
      rest += d * d;
    }
    total += sum(v) + rest;
  }
  const float rstd = static_cast<float>(1 / std::sqrt(total / count + epsilon));
  facts[0] = mean;
  facts[1] = rstd;
  seen[0] = mean;
  seen[1] = total / std::max(1.0, count - 1);
  const V scale = all(rstd * weight), shift = all(bias);
  for (int64_t b = 0; b < c.batch; b++) {
    const int64_t at = (b * c.channels + c.index) * c.size;
    for (int64_t i = 0; i < c.size; i += W) {
      V z = (tail(x, at + i, c.size - i, c.half) - mean) * scale + shift;
      if (silu) z = z * sigmoid(z);
      put_tail(y, at + i, c.size - i, z, c.half);
    }
  }
}

// d silu(z) / dz = s (1 + z (1 - s)).
inline V through(V dy, V z, bool silu) {
  if (!silu) return dy;
  const V s = sigmoid(z);
  return dy * s * (1.f + z * (1.f - s));
}

void batch_norm_backward(const retort::Channel& c, const void* x, float weight, float bias, const float* facts, const void* dy, bool silu, void* dx, float* dweight, float* dbias) {
  const V mean = all(facts[0]), rstd = all(facts[1]), w = all(weight), shift = all(bias);
  double first = 0, second = 0;
  for (int64_t b = 0; b < c.batch; b++) {
    const int64_t at = (b * c.channels + c.index) * c.size;
    V slopes{}, products{};
    for (int64_t i = 0; i < c.size; i += W) {  // beyond the end dy is 0
      const V n = (tail(x, at + i, c.size - i, c.half) - mean) * rstd;
      const V dz = through(tail(dy, at + i, c.size - i, c.half), n * w + shift, silu);
      slopes += dz;
      products += dz * n;
    }
    first += sum(slopes);
    second += sum(products);
  }
  *dbias = static_cast<float>(first);
  *dweight = static_cast<float>(second);
  const double count = static_cast<double>(c.batch) * c.size;
  const V a = all(static_cast<float>(first / count)), p = all(static_cast<float>(second / count)), scale = rstd * w;
  for (int64_t b = 0; b < c.batch; b++) {
    const int64_t at = (b * c.channels + c.index) * c.size;
    for (int64_t i = 0; i < c.size; i += W) {
      const V n = (tail(x, at + i, c.size - i, c.half) - mean) * rstd;
      const V dz = through(tail(dy, at + i, c.size - i, c.half), n * w + shift, silu);
      put_tail(dx, at + i, c.size - i, (dz - a - n * p) * scale, c.half);
    }
  }
}

// y = (x + bias) or its SiLU, over one plane, in place.
void bias_silu(void* x, int64_t at, int64_t size, float bias, bool half) {
  for (int64_t i = 0; i < size; i += W) {
    const V z = tail(x, at + i, size - i, half) + bias;
    put_tail(x, at + i, size - i, z * sigmoid(z), half);
  }
}

}  // namespace
