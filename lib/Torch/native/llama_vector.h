// The kernels of LLaMA's layers, written once for both vector widths.
#pragma once

#include <immintrin.h>

#include <vector>

#include "llama.h"
#include "vectors.h"

#include "llama_attention.h"

namespace {

void rms(const void* x, const void* w, float epsilon, int64_t rows, int64_t width, void* y, float* scales, bool half) {
  for (int64_t r = 0; r < rows; r++) {
    const int64_t at = r * width;
    V squares{};
    for (int64_t i = 0; i < width; i += W) {
      const V v = load(x, at + i, half);
      squares += v * v;
    }
    const float scale = 1.f / __builtin_sqrtf(sum(squares) / static_cast<float>(width) + epsilon);
    for (int64_t i = 0; i < width; i += W) {
      V v = load(x, at + i, half) * scale;
      if (half) v = widen(narrow(v));
      store(y, at + i, v * load(w, i, half), half);
    }
    if (scales) scales[r] = scale;
  }
}

void rms_backward(const float* x, const float* w, const float* scales, const float* dy, int64_t rows, int64_t width, float* dx, float* dw) {
  for (int64_t r = 0; r < rows; r++, x += width, dy += width, dx += width) {
    V dots{};
    for (int64_t i = 0; i < width; i += W) dots += load(x + i) * load(w + i) * load(dy + i);
    const float scale = scales[r], share = sum(dots) * scale * scale * scale / static_cast<float>(width);
    for (int64_t i = 0; i < width; i += W) {
      const V v = load(x + i), g = load(dy + i);
      put(dx + i, g * load(w + i) * scale - v * share);
      if (dw) put(dw + i, load(dw + i) + g * v * scale);
    }
  }
}

inline V sigmoid(V a) { return 1.f / (1.f + exponential(larger(all(-80.f), a < 80.f ? -a : all(-80.f)))); }

void gate(const void* a, const void* b, void* y, int64_t count, bool half) {
  int64_t i = 0;
  for (; i + W <= count; i += W) {
    const V v = load(a, i, half);
    V g = v * sigmoid(v);
    if (half) g = widen(narrow(g));
    store(y, i, g * load(b, i, half), half);
  }
  for (; i < count; i++) {
    V v = all(load1(a, i, half));
    V g = v * sigmoid(v);
    if (half) g = widen(narrow(g));
    store1(y, i, g[0] * load1(b, i, half), half);
  }
}

void gate_backward(const float* a, const float* b, const float* dy, float* da, float* db, int64_t count) {
  for (int64_t i = 0; i < count; i += W) {
    V v{}, w{}, d{};
    const int64_t n = count - i < W ? count - i : W;
    std::memcpy(&v, a + i, n * 4);
    std::memcpy(&w, b + i, n * 4);
    std::memcpy(&d, dy + i, n * 4);
    const V s = sigmoid(v);
    const V first = d * w * s * (1.f + v * (1.f - s)), second = d * v * s;
    std::memcpy(da + i, &first, n * 4);
    std::memcpy(db + i, &second, n * 4);
  }
}

// (a, b) of a head becomes (a c - b s, b c + a s); backwards with -s.
inline void turn(const void* x, int64_t from, const float* c, const float* s, int64_t pairs, float sign, float factor, void* y, int64_t to, bool half) {
  int64_t j = 0;
  for (; j + W <= pairs; j += W) {
    const V a = load(x, from + j, half), b = load(x, from + pairs + j, half), u = load(c + j), v = load(s + j) * sign;
    store(y, to + j, (a * u - b * v) * factor, half);
    store(y, to + pairs + j, (b * u + a * v) * factor, half);
  }
  for (; j < pairs; j++) {
    const float a = load1(x, from + j, half), b = load1(x, from + pairs + j, half), u = c[j], v = s[j] * sign;
    store1(y, to + j, (a * u - b * v) * factor, half);
    store1(y, to + pairs + j, (b * u + a * v) * factor, half);
  }
}

void split(const retort::Grouped& g, int64_t b, const void* fused, void* q, void* k, void* v, bool half) {
  const int64_t h = g.width, pairs = h / 2, heads = g.each + 2, bytes = half ? 2 : 4;
  for (int64_t t = 0; t < g.length; t++) {
    const float* c = g.cosines + ((g.own ? b * g.length : 0) + t) * pairs;
    const float* s = g.sines + ((g.own ? b * g.length : 0) + t) * pairs;
    for (int64_t n = 0; n < g.groups; n++) {
      const int64_t x = ((b * g.length + t) * g.groups + n) * heads * h, to = ((b * g.groups + n) * g.length + t) * h;
      for (int64_t e = 0; e < g.each; e++)
        turn(fused, x + e * h, c, s, pairs, 1, g.factor, q, (((b * g.groups + n) * g.each + e) * g.length + t) * h, half);
      turn(fused, x + g.each * h, c, s, pairs, 1, 1, k, to, half);
      std::memcpy(static_cast<char*>(v) + to * bytes, static_cast<const char*>(fused) + (x + (g.each + 1) * h) * bytes, h * bytes);
    }
  }
}

void split_backward(const retort::Grouped& g, int64_t b, const float* dq, const float* dk, const float* dv, float* dfused) {
  const int64_t h = g.width, half = h / 2, heads = g.each + 2;
  for (int64_t t = 0; t < g.length; t++) {
    const float* c = g.cosines + ((g.own ? b * g.length : 0) + t) * half;
    const float* s = g.sines + ((g.own ? b * g.length : 0) + t) * half;
    for (int64_t n = 0; n < g.groups; n++) {
      float* x = dfused + ((b * g.length + t) * g.groups + n) * heads * h;
      const int64_t from = (b * g.groups + n) * g.length + t;
      for (int64_t e = 0; e < g.each; e++) turn(dq, (((b * g.groups + n) * g.each + e) * g.length + t) * h, c, s, half, -1, g.factor, x, e * h, false);
      turn(dk, from * h, c, s, half, -1, 1, x, g.each * h, false);
      std::memcpy(x + (g.each + 1) * h, dv + from * h, h * 4);
    }
  }
}

// Products of x with the weights of outputs: two outputs, half of all apart, are read side by side, and only the next ones' first lines are
// asked for in advance, which is what the memory likes best (bytes a second against a plain sum's: one stream 0.90 to 0.95, two 1.0, four far
// apart 0.98, eight 0.87, four adjacent 0.88).
constexpr int Streams = 2;

#if RETORT_WIDTH == 16
// The processor multiplies pairs of bfloat16 and sums up in float32.
template <int N> void dots_of(const uint16_t* x, const uint16_t* w, int64_t apart, int64_t inputs, float* y) {
  __m512 sums[N][2];
  for (auto& s : sums) s[0] = s[1] = _mm512_setzero_ps();
  for (int n = 0; n < N; n++)
    for (int64_t line = 0; line < 128; line += 32) __builtin_prefetch(w + n * apart + inputs + line);
  int64_t i = 0;
  for (; i + 64 <= inputs; i += 64) {
    const __m512bh a = (__m512bh)_mm512_loadu_si512(x + i), b = (__m512bh)_mm512_loadu_si512(x + i + 32);
#pragma GCC unroll 4
    for (int n = 0; n < N; n++) {
      sums[n][0] = _mm512_dpbf16_ps(sums[n][0], (__m512bh)_mm512_loadu_si512(w + n * apart + i), a);
      sums[n][1] = _mm512_dpbf16_ps(sums[n][1], (__m512bh)_mm512_loadu_si512(w + n * apart + i + 32), b);
    }
  }
  for (; i < inputs; i += 32)
    for (int n = 0; n < N; n++) sums[n][0] = _mm512_dpbf16_ps(sums[n][0], (__m512bh)_mm512_loadu_si512(w + n * apart + i), (__m512bh)_mm512_loadu_si512(x + i));
  for (int n = 0; n < N; n++) y[n] = sum((V)_mm512_add_ps(sums[n][0], sums[n][1]));
}
#else
// A pair of bfloat16 in 32 bits: the low one moved up, and the high one with the low one's bits cut off.
inline V low(const uint16_t* p) { return (V)(get<U>(p) << 16); }
inline V high(const uint16_t* p) { return (V)(get<U>(p) & 0xffff0000u); }

template <int N> void dots_of(const uint16_t* x, const uint16_t* w, int64_t apart, int64_t inputs, float* y) {
  for (int n = 0; n < N; n++, w += apart) {
    V sums[4] = {};
    for (int64_t i = 0; i < inputs; i += 32)
      for (int64_t j = 0; j < 2; j++) {
        sums[2 * j] += low(w + i + 16 * j) * low(x + i + 16 * j);
        sums[2 * j + 1] += high(w + i + 16 * j) * high(x + i + 16 * j);
      }
    y[n] = sum(sums[0] + sums[1] + (sums[2] + sums[3]));
  }
}
#endif

void multiply(const uint16_t* x, int64_t rows, const uint16_t* w, int64_t inputs, int64_t first, int64_t last, int64_t outputs, uint16_t* y) {
  const int64_t part = (last - first) / Streams;
  float found[Streams];
  for (int64_t o = first; o < first + part; o++)
    for (int64_t r = 0; r < rows; r++) {
      dots_of<Streams>(x + r * inputs, w + o * inputs, part * inputs, inputs, found);
      for (int n = 0; n < Streams; n++) y[r * outputs + o + n * part] = narrow1(found[n]);
    }
  for (int64_t o = first + Streams * part; o < last; o++)
    for (int64_t r = 0; r < rows; r++) {
      dots_of<1>(x + r * inputs, w + o * inputs, 0, inputs, found);
      y[r * outputs + o] = narrow1(found[0]);
    }
}

constexpr int64_t Ahead = 2048;  // bytes that are asked for in advance

#if RETORT_WIDTH == 16
// The processor multiplies bytes without sign by bytes with sign and sums up in 32 bits. So x is rounded to 15 bits and a sign, as
// 128 high + low; a weight gets 128 added, and 128 times the sum of x is taken away at the end.
void multiply_bytes(const float* x, int64_t rows, const int8_t* w, const float* scales, int64_t inputs, int64_t first, int64_t last, int64_t outputs,
                    float* y) {
  std::vector<int8_t> high(inputs), low(inputs);
  for (int64_t r = 0; r < rows; r++) {
    const float* in = x + r * inputs;
    V most{}, zeros{};
    for (int64_t i = 0; i < inputs; i += W) {
      const V v = load(in + i);
      most = larger(most, larger(v, -v));
      zeros += v * 0.f;
    }
    const float unit = largest(most) / 16256.f, lost = sum(zeros);  // not 0 where a value is not finite
    const float factor = unit > 0 ? 1 / unit : 0;
    int64_t total = 0;
    for (int64_t i = 0; i < inputs; i++) {
      const int32_t q = lost == 0 ? static_cast<int32_t>(__builtin_rintf(in[i] * factor)) : 0, h = (q + 64) >> 7;
      high[i] = static_cast<int8_t>(h);
      low[i] = static_cast<int8_t>(q - 128 * h);
      total += q;
    }
    const __m512i sign = _mm512_set1_epi8(static_cast<char>(0x80));
    for (int64_t o = first; o < last; o++) {
      const int8_t* from = w + o * inputs;
      __m512i coarse = _mm512_setzero_si512(), fine = _mm512_setzero_si512();
      for (int64_t i = 0; i < inputs; i += 64) {
        __builtin_prefetch(from + i + Ahead);
        const __m512i u = _mm512_xor_si512(_mm512_loadu_si512(from + i), sign);
        coarse = _mm512_dpbusd_epi32(coarse, u, _mm512_loadu_si512(high.data() + i));
        fine = _mm512_dpbusd_epi32(fine, u, _mm512_loadu_si512(low.data() + i));
      }
      const int64_t products = 128 * static_cast<int64_t>(_mm512_reduce_add_epi32(coarse)) + _mm512_reduce_add_epi32(fine) - 128 * total;
      y[r * outputs + o] = static_cast<float>(products) * unit * scales[o] + lost;
    }
  }
}
#else
inline V floats(const int8_t* p) { return (V)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)))); }

void multiply_bytes(const float* x, int64_t rows, const int8_t* w, const float* scales, int64_t inputs, int64_t first, int64_t last, int64_t outputs,
                    float* y) {
  for (int64_t o = first; o < last; o++) {
    const int8_t* from = w + o * inputs;
    for (int64_t r = 0; r < rows; r++) {
      V sums[4] = {};
      for (int64_t i = 0; i < inputs; i += 64) {
        __builtin_prefetch(from + i + Ahead);
        for (int64_t j = 0; j < 64; j += W) sums[j / W % 4] += floats(from + i + j) * load(x + r * inputs + i + j);
      }
      y[r * outputs + o] = sum(sums[0] + sums[1] + (sums[2] + sums[3])) * scales[o];
    }
  }
}
#endif

const retort::LlamaKernels* table() {
  static const retort::LlamaKernels kernels{rms, rms_backward, gate, gate_backward, split, split_backward, attend_kept, attend_kept_backward, multiply, multiply_bytes};
  return &kernels;
}

}  // namespace
