// Scaled dot-product attention of one head and its gradient, a block of queries at a time: the scores of a block stay in the
// cache and the whole matrix of them is never in memory. The gradient computes them again (Dao et al. 2022, algorithm 4,
// with whole rows of scores).
//
// Products go by one inner loop on units of 32 bits: one float32, or two neighbouring bfloat16 along the summed axis.
#pragma once

#include <cmath>
#include <cstdlib>
#include <new>

namespace {

constexpr int Rows = W == 16 ? 8 : 4, Panel = 2 * W, Block = 6 * Rows;

inline int64_t up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

inline V dot(V sum, uint32_t a, U b, bool half) {
#if RETORT_WIDTH == 16
  if (half) return (V)_mm512_dpbf16_ps((__m512)sum, (__m512bh)(U{} + a), (__m512bh)b);
#else
  (void)half;
#endif
  return sum + get<float>(&a) * (V)b;
}

// C (m, n) [+]= A (m, k) B (k, n). A's unit (i, k) is a[i ai + k ak]; B lies in panels of Panel columns, each k rows long.
// m is a multiple of Rows and n of Panel.
template <bool Half>
void multiply(const uint32_t* a, int64_t ai, int64_t ak, const uint32_t* b, int64_t m, int64_t n, int64_t k, float* c, int64_t ldc, bool add) {
  for (int64_t j = 0; j < n; j += Panel) {
    for (int64_t i = 0; i < m; i += Rows) {
      V s[Rows][2];
      float* to = c + i * ldc + j;
      for (int r = 0; r < Rows; r++) {
        s[r][0] = add ? load(to + r * ldc) : V{};
        s[r][1] = add ? load(to + r * ldc + W) : V{};
      }
      const uint32_t* left = a + i * ai;
      const uint32_t* right = b + j * k;
      for (int64_t l = 0; l < k; l++, left += ak, right += Panel) {
        const U b0 = get<U>(right), b1 = get<U>(right + W);
#pragma GCC unroll 8
        for (int r = 0; r < Rows; r++) {
          s[r][0] = dot(s[r][0], left[r * ai], b0, Half);
          s[r][1] = dot(s[r][1], left[r * ai], b1, Half);
        }
      }
      for (int r = 0; r < Rows; r++) {
        put(to + r * ldc, s[r][0]);
        put(to + r * ldc + W, s[r][1]);
      }
    }
  }
}

template <bool Half> inline uint32_t unit(const void* p, int64_t i) {  // the unit that begins at element i
  return Half ? get<uint32_t>(static_cast<const uint16_t*>(p) + i) : static_cast<const uint32_t*>(p)[i];
}


// B = X^T for X (rows, width): the columns of B are X's rows, those beyond them 0.
template <bool Half>
void pack_transposed(const void* x, int64_t stride, int64_t rows, int64_t width, int64_t columns, uint32_t* to) {
  const int64_t k = Half ? width / 2 : width, size = Half ? 2 : 4;
  for (int64_t j = 0; j < columns; j += Panel, to += k * Panel)
    for (int64_t c = 0; c < Panel; c += W)
      for (int64_t l = 0; l < k; l += W) {
        const int64_t units = k - l < W ? k - l : W;
        V block[W];
        for (int i = 0; i < W; i++) {
          block[i] = V{};
          const char* from = static_cast<const char*>(x) + (j + c + i) * stride * size + l * 4;
          if (j + c + i >= rows) continue;
          if (units == W) block[i] = get<V>(from);
          else std::memcpy(&block[i], from, units * 4);
        }
        transpose(block);
        for (int64_t i = 0; i < units; i++) put(to + (l + i) * Panel + c, block[i]);
      }
}

// B = X for X (rows, width): the rows beyond X's are 0, as are the columns of the last panel beyond its width.
template <bool Half>
void pack(const void* x, int64_t stride, int64_t rows, int64_t width, int64_t all_rows, uint32_t* to) {
  const int64_t k = Half ? all_rows / 2 : all_rows;
  for (int64_t j = 0; j < width; j += Panel)
    for (int64_t l = 0; l < k; l++, to += Panel)
      for (int64_t c = 0; c < Panel; c += W) {
        U u{};
        if (j + c < width) {
          if (Half) {
            const uint16_t* p = static_cast<const uint16_t*>(x) + 2 * l * stride + j + c;
            if (2 * l < rows) u = __builtin_convertvector(get<H>(p), U);
            if (2 * l + 1 < rows) u |= __builtin_convertvector(get<H>(p + stride), U) << 16;
          } else if (l < rows) {
            u = get<U>(static_cast<const float*>(x) + l * stride + j + c);
          }
        }
        put(to + c, u);
      }
}

// Rows of X as the left factor, those beyond them 0.
template <bool Half>
void take(const void* x, int64_t stride, int64_t rows, int64_t width, int64_t all_rows, uint32_t* to) {
  const int64_t k = Half ? width / 2 : width;
  for (int64_t i = 0; i < all_rows; i++, to += k) {
    if (i < rows) std::memcpy(to, static_cast<const char*>(x) + i * stride * (Half ? 2 : 4), k * 4);
    else std::memset(to, 0, k * 4);
  }
}

// Memory of a thread, kept for its next call.
struct Scratch {
  char* memory = nullptr;
  size_t size = 0, used = 0;
  ~Scratch() { std::free(memory); }
  void reserve(size_t bytes) {
    used = 0;
    if (bytes <= size) return;
    std::free(memory);
    size = up(bytes, 4096);
    memory = static_cast<char*>(std::aligned_alloc(64, size));
    if (!memory) { size = 0; throw std::bad_alloc(); }
  }
  template <class T> T* take(int64_t count) {
    T* p = reinterpret_cast<T*>(memory + used);
    used += up(count * sizeof(T), 64);
    return p;
  }
};
inline Scratch& scratch() { static thread_local Scratch s; return s; }

struct Head {
  int64_t T, n, D, d, keys, wide, units;  // n: valid keys; keys: n to whole panels; wide: d to whole panels; units: of d
  // From row to row of scores, in units: not a power of two, whose rows would meet in the same lines of the cache.
  int64_t pitch, half_pitch;
  const char *q, *k, *v;
  int64_t stride, offset;  // of a row of qkv; of this head in a (B, T, D) tensor
};

inline Head head_of(const retort::Packed& p, int64_t index) {
  const int64_t b = index / p.heads, h = index % p.heads, size = p.half ? 2 : 4, D = p.heads * p.width;
  const char* q = static_cast<const char*>(p.qkv) + (b * p.length * 3 * D + h * p.width) * size;
  const int64_t n = p.lengths ? p.lengths[b] : p.length;
  return {p.length, n, D, p.width, up(n, Panel), up(p.width, Panel), p.half ? p.width / 2 : p.width,
          up(n, Panel) + W, p.half ? up(n, Panel) / 2 + W : up(n, Panel) + W,
          q, q + D * size, q + 2 * D * size, 3 * D, b * p.length * D + h * p.width};
}

inline const char* at(const char* p, int64_t element, bool half) { return p + element * (half ? 2 : 4); }

template <bool Half>
void forward(const retort::Packed& p, int64_t index, int64_t first, int64_t last, void* out, float* lse) {
  const Head h = head_of(p, index);
  const int64_t key_units = Half ? h.keys / 2 : h.keys;
  const float scale = 1 / std::sqrt(static_cast<float>(h.d));
  Scratch& s = scratch();
  s.reserve(4 * (h.units * h.keys + key_units * h.wide + Block * (h.units + h.pitch + h.half_pitch + h.wide)) + 1024);
  auto kt = s.take<uint32_t>(h.units * h.keys), v = s.take<uint32_t>(key_units * h.wide), q = s.take<uint32_t>(Block * h.units);
  auto scores = s.take<float>(Block * h.pitch);
  auto weights = Half ? s.take<uint32_t>(Block * h.half_pitch) : reinterpret_cast<uint32_t*>(scores);
  auto mixed = s.take<float>(Block * h.wide);
  pack_transposed<Half>(h.k, h.stride, h.n, h.d, h.keys, kt);
  pack<Half>(h.v, h.stride, h.n, h.d, h.keys, v);
  for (int64_t from = first; from < last; from += Block) {
    const int64_t rows = h.T - from < Block ? h.T - from : Block, all_rows = up(rows, Rows);
    take<Half>(at(h.q, from * h.stride, Half), h.stride, rows, h.d, all_rows, q);
    multiply<Half>(q, h.units, 1, kt, all_rows, h.keys, h.units, scores, h.pitch, false);
    float inverse[Block];
    for (int64_t i = 0; i < all_rows; i++) {
      float* row = scores + i * h.pitch;
      for (int64_t j = h.n; j < h.keys; j++) row[j] = -__builtin_inff();
      V top = load(row);
      for (int64_t j = W; j < h.keys; j += W) top = larger(load(row + j), top);
      const float most = largest(top);
      V total{};
      for (int64_t j = 0; j < h.keys; j += W) {
        const V e = exponential((load(row + j) - most) * scale);
        total += e;
        if (Half) put(reinterpret_cast<uint16_t*>(weights + i * h.half_pitch) + j, narrow(e));
        else put(row + j, e);
      }
      const float all_of_it = sum(total);
      inverse[i] = 1 / all_of_it;
      if (lse && i < rows) lse[index * h.T + from + i] = most * scale + std::log(all_of_it);
    }
    multiply<Half>(weights, h.half_pitch, 1, v, all_rows, h.wide, key_units, mixed, h.wide, false);
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < h.d; j += W)
        store(out, h.offset + (from + i) * h.D + j, load(mixed + i * h.wide + j) * inverse[i], Half);
  }
}

template <bool Half>
void backward(const retort::Packed& p, int64_t index, const void* out, const float* lse, const void* dout, void* dqkv) {
  const Head h = head_of(p, index);
  const int64_t key_units = Half ? h.keys / 2 : h.keys, row_units = Half ? Block / 2 : Block;
  const float scale = 1 / std::sqrt(static_cast<float>(h.d));
  Scratch& s = scratch();
  s.reserve(4 * (2 * h.units * h.keys + key_units * h.wide + 2 * Block * h.units + 2 * row_units * (h.wide + h.pitch) +
                 Block * (2 * h.pitch + 3 * h.half_pitch + h.wide) + 2 * h.keys * h.wide) + 2048);
  auto kt = s.take<uint32_t>(h.units * h.keys), vt = s.take<uint32_t>(h.units * h.keys), k = s.take<uint32_t>(key_units * h.wide);
  auto q = s.take<uint32_t>(Block * h.units), g = s.take<uint32_t>(Block * h.units);
  auto qs = s.take<uint32_t>(row_units * h.wide), gs = s.take<uint32_t>(row_units * h.wide);
  auto weights = s.take<float>(Block * h.pitch), slopes = s.take<float>(Block * h.pitch);
  // In bfloat16 also: the slopes with pairs along keys, and both with pairs along queries.
  auto slope_pairs = Half ? s.take<uint32_t>(Block * h.half_pitch) : reinterpret_cast<uint32_t*>(slopes);
  auto weights_across = Half ? s.take<uint32_t>(row_units * h.pitch) : reinterpret_cast<uint32_t*>(weights);
  auto slopes_across = Half ? s.take<uint32_t>(row_units * h.pitch) : reinterpret_cast<uint32_t*>(slopes);
  auto dq = s.take<float>(Block * h.wide), dk = s.take<float>(h.keys * h.wide), dv = s.take<float>(h.keys * h.wide);
  pack_transposed<Half>(h.k, h.stride, h.n, h.d, h.keys, kt);
  pack_transposed<Half>(h.v, h.stride, h.n, h.d, h.keys, vt);
  pack<Half>(h.k, h.stride, h.n, h.d, h.keys, k);
  const int64_t origin = (index / p.heads) * h.T * h.stride + (index % p.heads) * h.d;  // of this head in qkv
  for (int64_t from = 0; from < h.T; from += Block) {
    const int64_t rows = h.T - from < Block ? h.T - from : Block, all_rows = up(rows, Rows), used = Half ? all_rows / 2 : all_rows;
    const char* q_rows = at(h.q, from * h.stride, Half);
    const char* g_rows = at(static_cast<const char*>(dout), h.offset + from * h.D, Half);
    take<Half>(q_rows, h.stride, rows, h.d, all_rows, q);
    take<Half>(g_rows, h.D, rows, h.d, all_rows, g);
    pack<Half>(q_rows, h.stride, rows, h.d, all_rows, qs);
    pack<Half>(g_rows, h.D, rows, h.d, all_rows, gs);
    multiply<Half>(q, h.units, 1, kt, all_rows, h.keys, h.units, weights, h.pitch, false);
    multiply<Half>(g, h.units, 1, vt, all_rows, h.keys, h.units, slopes, h.pitch, false);
    for (int64_t i = 0; i < all_rows; i++) {
      float* w = weights + i * h.pitch;
      float* d = slopes + i * h.pitch;
      if (i >= rows) {
        std::memset(w, 0, h.keys * 4);
        std::memset(d, 0, h.keys * 4);
      } else {
        for (int64_t j = h.n; j < h.keys; j++) w[j] = -__builtin_inff();
        V both{};
        for (int64_t j = 0; j < h.d; j += W) {
          const int64_t e = h.offset + (from + i) * h.D + j;
          both += load(out, e, Half) * load(dout, e, Half);
        }
        const float mean = sum(both), log_sum = lse[index * h.T + from + i];
        for (int64_t j = 0; j < h.keys; j += W) {
          const V e = exponential(load(w + j) * scale - log_sum);
          put(w + j, e);
          put(d + j, e * (load(d + j) - mean) * scale);
        }
      }
      if (Half) {
        for (int64_t j = 0; j < h.keys; j += W) put(reinterpret_cast<uint16_t*>(slope_pairs + i * h.half_pitch) + j, narrow(load(d + j)));
        for (int64_t j = 0; i % 2 && j < h.keys; j += W) {
          put(weights_across + i / 2 * h.pitch + j, rounded(load(w - h.pitch + j)) | rounded(load(w + j)) << 16);
          put(slopes_across + i / 2 * h.pitch + j, rounded(load(d - h.pitch + j)) | rounded(load(d + j)) << 16);
        }
      }
    }
    multiply<Half>(slope_pairs, h.half_pitch, 1, k, all_rows, h.wide, key_units, dq, h.wide, false);
    multiply<Half>(weights_across, 1, h.pitch, gs, h.keys, h.wide, used, dv, h.wide, from > 0);
    multiply<Half>(slopes_across, 1, h.pitch, qs, h.keys, h.wide, used, dk, h.wide, from > 0);
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < h.d; j += W) store(dqkv, origin + (from + i) * h.stride + j, load(dq + i * h.wide + j), Half);
  }
  for (int64_t i = 0; i < h.T; i++)
    for (int64_t j = 0; j < h.d; j += W) {
      store(dqkv, origin + i * h.stride + h.D + j, i < h.n ? load(dk + i * h.wide + j) : V{}, Half);
      store(dqkv, origin + i * h.stride + 2 * h.D + j, i < h.n ? load(dv + i * h.wide + j) : V{}, Half);
    }
}

void attention(const retort::Packed& p, int64_t index, int64_t part, int64_t parts, void* out, float* lse) {
  const int64_t blocks = (p.length + Block - 1) / Block, first = blocks * part / parts * Block, end = blocks * (part + 1) / parts * Block;
  const int64_t last = end < p.length ? end : p.length;
  if (first >= last) return;
  if (p.half) forward<true>(p, index, first, last, out, lse);
  else forward<false>(p, index, first, last, out, lse);
}

void attention_backward(const retort::Packed& p, int64_t index, const void* out, const float* lse, const void* dout, void* dqkv) {
  if (p.half) backward<true>(p, index, out, lse, dout, dqkv);
  else backward<false>(p, index, out, lse, dout, dqkv);
}

}  // namespace
