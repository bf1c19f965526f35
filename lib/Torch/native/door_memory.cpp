// The CPU's memory: the allocator of every tensor. A step frees hundreds of MiB and the next asks for them again; given back to
// the kernel in between they would be cleared page by page, a fifth of the time of a forward pass. So large blocks that are
// freed are kept, by one pool for all threads, and never so many that with those in use they pass the most that was lately in
// use by more than a quarter. The C library's own settings stay as the host process has them.
#include "door.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <vector>

using namespace door;

namespace {

constexpr size_t Align = 64, Pooled = 64 << 10, Mapped = 1 << 20, Slack = 64 << 20;
constexpr int Classes = 8 * 48;

// In front of each block: its whole length.
struct alignas(Align) Head { size_t length; };

std::atomic<int64_t> in_use{0}, kept{0};

// Classes are an eighth of a power of two apart.
int class_of(size_t length) {
  const int top = 63 - __builtin_clzll(length);
  return (top - 16) * 8 + static_cast<int>((length >> (top - 3)) & 7);
}
size_t rounded(size_t length) {
  const int top = 63 - __builtin_clzll(length);
  const size_t step = size_t{1} << (top - 3);
  return (length + step - 1) & ~(step - 1);
}

// The longest come from the kernel itself, and go back to it.
void* fresh(size_t length) {
  void* p = nullptr;
  if (length < Mapped) return posix_memalign(&p, Align, length) == 0 ? p : nullptr;
  p = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? nullptr : p;
}
void drop(void* p, size_t length) {
  if (length < Mapped) std::free(p);
  else munmap(p, length);
}

struct Pool {
  std::mutex lock;
  std::vector<void*> free[Classes];
  int64_t most = 0, most_before = 0;  // in use, of the present and the last stretch of time
  std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();

  void* take(size_t length) {
    std::lock_guard<std::mutex> hold(lock);
    auto& list = free[class_of(length)];
    if (list.empty()) return nullptr;
    void* p = list.back();
    list.pop_back();
    kept -= static_cast<int64_t>(length);
    return p;
  }

  void note() {
    std::lock_guard<std::mutex> hold(lock);
    most = std::max(most, in_use.load());
  }

  // What is over the limit goes back, the longest first.
  void give(void* p, size_t length) {
    std::vector<void*> out;
    {
      std::lock_guard<std::mutex> hold(lock);
      free[class_of(length)].push_back(p);
      kept += static_cast<int64_t>(length);
      const auto now = std::chrono::steady_clock::now();
      if (now - since > std::chrono::seconds(5)) {
        since = now;
        most_before = most;
        most = in_use.load();
      }
      const int64_t limit = std::max(most, most_before) / 4 * 5 + static_cast<int64_t>(Slack);
      if (in_use + kept > limit) shrink(in_use + kept - limit, out);
    }
    for (void* each : out) drop(each, static_cast<Head*>(each)->length);
  }

  void shrink(int64_t surplus, std::vector<void*>& out) {
    for (int i = Classes - 1; i >= 0 && surplus > 0; i--)
      while (!free[i].empty() && surplus > 0) {
        const auto length = static_cast<int64_t>(static_cast<Head*>(free[i].back())->length);
        out.push_back(free[i].back());
        free[i].pop_back();
        kept -= length;
        surplus -= length;
      }
  }

  void empty() {
    std::vector<void*> out;
    {
      std::lock_guard<std::mutex> hold(lock);
      shrink(kept + 1, out);
    }
    for (void* each : out) drop(each, static_cast<Head*>(each)->length);
  }
};

Pool& pool() {
  static auto& one = *new Pool;  // tensors may die after the statics
  return one;
}

void release(void* data) {
  if (!data) return;
  auto head = static_cast<Head*>(data) - 1;
  const size_t length = head->length;
  in_use -= static_cast<int64_t>(length);
  if (length < Pooled) std::free(head);
  else pool().give(head, length);
}

void* obtain(size_t bytes) {
  if (bytes == 0) return nullptr;
  TORCH_CHECK(bytes < (size_t{1} << 62), "no memory of ", bytes, " bytes");
  size_t length = bytes + sizeof(Head);
  void* p = nullptr;
  const bool large = length >= Pooled;
  if (large) {
    length = rounded(length);
    p = pool().take(length);
  }
  if (!p) p = fresh(length);
  if (!p) {
    pool().empty();
    p = fresh(length);
    TORCH_CHECK(p, "not enough memory: you tried to allocate ", bytes, " bytes");
  }
  auto head = static_cast<Head*>(p);
  head->length = length;
  in_use += static_cast<int64_t>(length);
  if (large) pool().note();
  return head + 1;
}

// allocate is const in 1.13 and is not in later versions, which ask for copy_data too: whatever there is is overridden.
struct Memory final : c10::Allocator {
  static c10::DataPtr make(size_t bytes) {
    void* p = obtain(bytes);
    return {p, p, &release, c10::Device(c10::DeviceType::CPU)};
  }
  virtual c10::DataPtr allocate(size_t bytes) const { return make(bytes); }
  virtual c10::DataPtr allocate(size_t bytes) { return make(bytes); }
  virtual void copy_data(void* to, const void* from, std::size_t bytes) const { std::memcpy(to, from, bytes); }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
};

// Before the first tensor: when the library is loaded.
const bool installed = [] {
  if (!std::getenv("RETORT_PLAIN_MEMORY")) c10::SetCPUAllocator(new Memory, 100);
  return true;
}();

}  // namespace

// The number of bytes in tensors on the CPU, for whoever reads it often.
DOOR const std::atomic<int64_t>* door_memory_in_use() { return installed ? &in_use : nullptr; }

// Bytes kept for later; 1 gives them back.
DOOR int64_t door_memory_kept(int give_back) {
  return guarded<int64_t>(-1, [&] {
    if (give_back) pool().empty();
    return kept.load();
  });
}
