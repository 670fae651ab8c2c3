// Runs a plan: every thread runs the same operators on its own range of the work, with a barrier after each operator.

#include "engine.h"
#include "ops.h"

uint64_t plan_scratch(const Plan *plan) {
  uint64_t most = 0;
  const uint32_t *at = plan->ops;
  for (uint32_t i = 0; i < plan->header->ops; i++) {
    uint32_t kind = *at++;
    uint64_t needed = op_scratch(kind, at);
    if (needed > most) most = needed;
    at += op_words[kind].count;
  }
  return most;
}

EngineCode engine_run(int32_t thread, int32_t threads) {
  if (engine.state != STATE_READY || threads < 1 || threads > (int32_t)engine.threads || thread < 0 || thread >= threads) {
    return ENGINE_WRONG_STATE;
  }
  const Thread self = {thread, threads};
  uint8_t *scratch = engine.base + engine.scratch + (uint64_t)thread * engine.scratch_bytes;
  const uint32_t *at = engine.plan.ops;
  // Workers wait here for the next sample, until thread 0 arrives with the input in place.
  barrier_wait(&engine.barrier, threads, thread != 0);
  for (uint32_t i = 0; i < engine.plan.header->ops; i++) {
    uint32_t kind = *at++;
    run_op(kind, at, self, scratch);
    at += op_words[kind].count;
    barrier_wait(&engine.barrier, threads, thread != 0);
  }
  return ENGINE_OK;
}
