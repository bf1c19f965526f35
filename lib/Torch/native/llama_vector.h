// The kernels of LLaMA's layers, written once for both vector widths.
#pragma once

#include "llama.h"
#include "vectors.h"

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
inline void turn(const float* x, const float* c, const float* s, int64_t half, float sign, float factor, float* y) {
  int64_t j = 0;
  for (; j + W <= half; j += W) {
    const V a = load(x + j), b = load(x + half + j), u = load(c + j), v = load(s + j) * sign;
    put(y + j, (a * u - b * v) * factor);
    put(y + half + j, (b * u + a * v) * factor);
  }
  for (; j < half; j++) {
    const float a = x[j], b = x[half + j], u = c[j], v = s[j] * sign;
    y[j] = (a * u - b * v) * factor;
    y[half + j] = (b * u + a * v) * factor;
  }
}

void split(const retort::Grouped& g, int64_t b, const float* fused, float* q, float* k, float* v) {
  const int64_t h = g.width, half = h / 2, heads = g.each + 2;
  for (int64_t t = 0; t < g.length; t++) {
    const float* c = g.cosines + ((g.own ? b * g.length : 0) + t) * half;
    const float* s = g.sines + ((g.own ? b * g.length : 0) + t) * half;
    for (int64_t n = 0; n < g.groups; n++) {
      const float* x = fused + ((b * g.length + t) * g.groups + n) * heads * h;
      const int64_t to = (b * g.groups + n) * g.length + t;
      for (int64_t e = 0; e < g.each; e++) turn(x + e * h, c, s, half, 1, g.factor, q + (((b * g.groups + n) * g.each + e) * g.length + t) * h);
      turn(x + g.each * h, c, s, half, 1, 1, k + to * h);
      std::memcpy(v + to * h, x + (g.each + 1) * h, h * 4);
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
      for (int64_t e = 0; e < g.each; e++) turn(dq + (((b * g.groups + n) * g.each + e) * g.length + t) * h, c, s, half, -1, g.factor, x + e * h);
      turn(dk + from * h, c, s, half, -1, 1, x + g.each * h);
      std::memcpy(x + (g.each + 1) * h, dv + from * h, h * 4);
    }
  }
}

// A weight is read once for all rows of x; four outputs at a time are four streams, which is what the memory likes.
constexpr int64_t Streams = 4;

#if RETORT_WIDTH == 16
// Products of pairs of bfloat16, summed up in float32 by the processor.
template <int64_t N> void multiply_some(const uint16_t* x, int64_t row, const uint16_t* w, int64_t inputs, int64_t first, int64_t outputs, uint16_t* y) {
  __m512 sums[N];
  for (int64_t o = 0; o < N; o++) sums[o] = _mm512_setzero_ps();
  const uint16_t* in = x + row * inputs;
  for (int64_t i = 0; i < inputs; i += 32) {
    const __m512bh v = (__m512bh)_mm512_loadu_si512(in + i);
    for (int64_t o = 0; o < N; o++) {
      const uint16_t* from = w + (first + o) * inputs + i;
      _mm_prefetch(reinterpret_cast<const char*>(from + 1024), _MM_HINT_T0);
      sums[o] = _mm512_dpbf16_ps(sums[o], (__m512bh)_mm512_loadu_si512(from), v);
    }
  }
  for (int64_t o = 0; o < N; o++) y[row * outputs + first + o] = narrow1(_mm512_reduce_add_ps(sums[o]));
}
#else
// A pair of bfloat16 in 32 bits: the low one moved up, and the high one with the low one's bits cut off.
inline V low(const uint16_t* p) { return (V)(get<U>(p) << 16); }
inline V high(const uint16_t* p) { return (V)(get<U>(p) & 0xffff0000u); }

template <int64_t N> void multiply_some(const uint16_t* x, int64_t row, const uint16_t* w, int64_t inputs, int64_t first, int64_t outputs, uint16_t* y) {
  V sums[N] = {};
  const uint16_t* in = x + row * inputs;
  for (int64_t i = 0; i < inputs; i += 2 * W) {
    const V a = low(in + i), b = high(in + i);
    for (int64_t o = 0; o < N; o++) {
      const uint16_t* from = w + (first + o) * inputs + i;
      __builtin_prefetch(from + 1024);
      sums[o] += low(from) * a + high(from) * b;
    }
  }
  for (int64_t o = 0; o < N; o++) y[row * outputs + first + o] = narrow1(sum(sums[o]));
}
#endif

void multiply(const uint16_t* x, int64_t rows, const uint16_t* w, int64_t inputs, int64_t first, int64_t last, int64_t outputs, uint16_t* y) {
  int64_t o = first;
  for (; o + Streams <= last; o += Streams)
    for (int64_t r = 0; r < rows; r++) multiply_some<Streams>(x, r, w, inputs, o, outputs, y);
  for (; o < last; o++)
    for (int64_t r = 0; r < rows; r++) multiply_some<1>(x, r, w, inputs, o, outputs, y);
}

typedef int8_t B __attribute__((vector_size(W)));

template <int64_t N> void multiply_some_bytes(const float* x, int64_t row, const int8_t* w, const float* scales, int64_t inputs, int64_t first, int64_t outputs, float* y) {
  V sums[N] = {};
  const float* in = x + row * inputs;
  for (int64_t i = 0; i < inputs; i += W) {
    const V v = load(in + i);
    for (int64_t o = 0; o < N; o++) {
      const int8_t* from = w + (first + o) * inputs + i;
      if (i % 64 == 0) __builtin_prefetch(from + 2048);
      sums[o] += __builtin_convertvector(__builtin_convertvector(get<B>(from), I), V) * v;
    }
  }
  for (int64_t o = 0; o < N; o++) y[row * outputs + first + o] = sum(sums[o]) * scales[first + o];
}

void multiply_bytes(const float* x, int64_t rows, const int8_t* w, const float* scales, int64_t inputs, int64_t first, int64_t last, int64_t outputs,
                    float* y) {
  int64_t o = first;
  for (; o + Streams <= last; o += Streams)
    for (int64_t r = 0; r < rows; r++) multiply_some_bytes<Streams>(x, r, w, scales, inputs, o, outputs, y);
  for (; o < last; o++)
    for (int64_t r = 0; r < rows; r++) multiply_some_bytes<1>(x, r, w, scales, inputs, o, outputs, y);
}

const retort::LlamaKernels* table() {
  static const retort::LlamaKernels kernels{rms, rms_backward, gate, gate_backward, split, split_backward, multiply, multiply_bytes};
  return &kernels;
}

}  // namespace
