#include "kernels.h"

// Iterations of the waiting loop before a thread sleeps: tens of microseconds, longer than the work of two threads
// differs on idle cores.
enum { SPINS = 20000 };

#ifdef __wasm_atomics__
static void sleep_while(int32_t *place, int32_t value) { __builtin_wasm_memory_atomic_wait32(place, value, -1); }
static void wake(int32_t *place) { __builtin_wasm_memory_atomic_notify(place, UINT32_MAX); }
#else
static void sleep_while(int32_t *place, int32_t value) { (void)place, (void)value; }
static void wake(int32_t *place) { (void)place; }
#endif

void barrier_wait(Barrier *barrier, int32_t threads, bool may_sleep) {
  if (threads == 1) return;
  const int32_t round = __atomic_load_n(&barrier->round, __ATOMIC_SEQ_CST);
  if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_SEQ_CST) == threads) {
    __atomic_store_n(&barrier->arrived, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&barrier->round, round + 1, __ATOMIC_SEQ_CST);
    wake(&barrier->round);
    return;
  }
  for (int32_t turn = 0; __atomic_load_n(&barrier->round, __ATOMIC_SEQ_CST) == round; turn++) {
    if (may_sleep && turn > SPINS) sleep_while(&barrier->round, round);
  }
}
