// Vectors of RETORT_WIDTH floats in the compiler's own vector types, and the functions of them the kernels need.
#pragma once

#include <cstdint>
#include <cstring>
#if RETORT_WIDTH == 16
#include <immintrin.h>
#endif

namespace {

constexpr int W = RETORT_WIDTH;
typedef float V __attribute__((vector_size(W * 4)));
typedef int32_t I __attribute__((vector_size(W * 4)));
typedef uint32_t U __attribute__((vector_size(W * 4)));
typedef uint16_t H __attribute__((vector_size(W * 2)));

template <class T> inline T get(const void* p) { T v; std::memcpy(&v, p, sizeof v); return v; }
template <class T> inline void put(void* p, T v) { std::memcpy(p, &v, sizeof v); }
inline V load(const float* p) { return get<V>(p); }
inline V all(float x) { return V{} + x; }
inline V larger(V a, V b) { return a > b ? a : b; }

inline V widen(H h) { return (V)(__builtin_convertvector(h, U) << 16); }
inline float widen1(uint16_t h) { uint32_t u = static_cast<uint32_t>(h) << 16; return get<float>(&u); }

// To the nearest bfloat16, ties to even; NaN stays NaN.
inline H narrow(V x) {
#if RETORT_WIDTH == 16
  return (H)_mm512_cvtneps_pbh((__m512)x);
#else
  U u = (U)x;
  U r = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
  return __builtin_convertvector(x == x ? r : (U{} + 0x7fc0), H);
#endif
}
inline U rounded(V x) { return __builtin_convertvector(narrow(x), U); }
inline uint16_t narrow1(float x) {
  if (x != x) return 0x7fc0;
  uint32_t u = get<uint32_t>(&x);
  return static_cast<uint16_t>((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}

// W values of either type at element i.
inline V load(const void* p, int64_t i, bool half) {
  return half ? widen(get<H>(static_cast<const uint16_t*>(p) + i)) : load(static_cast<const float*>(p) + i);
}
inline void store(void* p, int64_t i, V x, bool half) {
  if (half) put(static_cast<uint16_t*>(p) + i, narrow(x));
  else put(static_cast<float*>(p) + i, x);
}
inline float load1(const void* p, int64_t i, bool half) {
  return half ? widen1(static_cast<const uint16_t*>(p)[i]) : static_cast<const float*>(p)[i];
}
inline void store1(void* p, int64_t i, float x, bool half) {
  if (half) static_cast<uint16_t*>(p)[i] = narrow1(x);
  else static_cast<float*>(p)[i] = x;
}

// The lanes whose numbers differ in one bit, W / 2 first, change places.
inline V across(V x, int bit) {
  I lane;
  for (int i = 0; i < W; i++) lane[i] = i ^ bit;
  return __builtin_shuffle(x, lane);
}
inline float sum(V x) {
#pragma GCC unroll 4
  for (int h = W / 2; h > 0; h /= 2) x += across(x, h);
  return x[0];
}
inline float largest(V x) {
#pragma GCC unroll 4
  for (int h = W / 2; h > 0; h /= 2) x = larger(x, across(x, h));
  return x[0];
}

inline V reciprocal(V x) {  // of an x that is neither 0 nor infinite
#if RETORT_WIDTH == 16
  const V r = (V)_mm512_rcp14_ps((__m512)x);
  return r * (2.f - x * r);
#else
  return 1.f / x;
#endif
}

// e^x for x up to 88, by 2^n times a polynomial on [-ln 2 / 2, ln 2 / 2]; relative error below 2e-7. Below -87 it is 2e-38;
// NaN stays NaN.
inline V exponential(V x) {
  const V least = all(-87.f), magic = all(12582912.f);
  const V inside = least > x ? least : x;
  const V n = (inside * 1.44269504f + magic) - magic;
  const V r = inside - n * 0.693359375f + n * 2.12194440e-4f;
  V p = all(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.f;
  return p * (V)((__builtin_convertvector(n, I) + 127) << 23);
}

// ln x for positive normal x (the Cephes polynomial); relative error below 2e-7.
inline V logarithm(V x) {
  I bits = (I)x;
  I exponent = ((bits >> 23) & 255) - 126;
  V m = (V)((bits & 0x007fffff) | 0x3f000000);  // [0.5, 1)
  I low = m < 0.70710678f;
  V e = __builtin_convertvector(exponent + low, V);  // low is -1 where true
  m = (low ? m + m : m) - 1.f;
  V z = m * m;
  V p = all(7.0376836292e-2f);
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  V y = m * z * p - 2.12194440e-4f * e - 0.5f * z;
  return m + y + 0.693359375f * e;
}

// W x W: row i of lane j becomes row j of lane i, by interleaving the halves log2 W times.
inline void transpose(V* r) {
  I low, high;
  for (int i = 0; i < W; i++) {
    low[i] = i / 2 + (i % 2) * W;
    high[i] = W / 2 + i / 2 + (i % 2) * W;
  }
  V t[W];
  for (int step = 1; step < W; step *= 2) {
    for (int i = 0; i < W / 2; i++) {
      t[2 * i] = __builtin_shuffle(r[i], r[i + W / 2], low);
      t[2 * i + 1] = __builtin_shuffle(r[i], r[i + W / 2], high);
    }
    for (int i = 0; i < W; i++) r[i] = t[i];
  }
}

}  // namespace
