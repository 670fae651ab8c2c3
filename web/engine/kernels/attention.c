// Attention with the softmax computed while it goes over the keys (Milakov and Gimelshein 2018), in blocks as FlashAttention
// has them (Dao et al. 2022): both products run on the tiles of Product, whose panels are packed once for each head.

#include "exp.h"
#include "kernels.h"
#include "moves.h"
#include "tiles.h"
#include "work_range.h"

// Keys of a block: the scores of a tile, and a panel of so many keys or values, stay in the first-level cache.
enum { BLOCK_KEYS = 256 };

typedef struct {
  float *keys;   // panels of 8 keys, as weights of Product
  float *values; // by block of keys: panels of 8 columns
  float *scores; // [TILE_ROWS][score_stride]
  float *sums;   // [TILE_ROWS][columns], of values times their weights
  int32_t score_stride, columns;
} Room;

// What a row's softmax is made of so far: its largest score and the sum of its weights.
typedef struct {
  float top, total;
} Row;

static int32_t rounded(int32_t count) { return ceil_div(count, 8) * 8; }

static uint64_t value_floats(const Attention *op) {
  uint64_t rows = (uint64_t)op->keys + (uint64_t)ceil_div(op->keys, BLOCK_KEYS);
  return times((uint64_t)rounded(op->width), rows);
}

static Room lay_out(const Attention *op, float *scratch) {
  Room room = {.keys = scratch, .score_stride = min_int(rounded(op->keys), BLOCK_KEYS), .columns = rounded(op->width)};
  room.values = room.keys + panel_floats(op->depth, op->keys);
  room.scores = room.values + value_floats(op);
  room.sums = room.scores + TILE_ROWS * room.score_stride;
  return room;
}

uint64_t attention_scratch(const Attention *op) {
  uint64_t tile = TILE_ROWS * ((uint64_t)min_int(rounded(op->keys), BLOCK_KEYS) + (uint64_t)rounded(op->width));
  uint64_t packed = panel_floats(op->depth, op->keys), values = value_floats(op);
  return values == UINT64_MAX ? UINT64_MAX : times(4, packed + values + tile);
}

// Four values of each of four rows, as four rows 8 floats apart.
static void transpose(const float *x, int64_t stride, float *y) {
  f4 a = load(x), b = load(x + stride), c = load(x + 2 * stride), d = load(x + 3 * stride);
  f4 ab = {a[0], b[0], a[1], b[1]}, cd = {c[0], d[0], c[1], d[1]};
  f4 ab2 = {a[2], b[2], a[3], b[3]}, cd2 = {c[2], d[2], c[3], d[3]};
  store(y, (f4){ab[0], ab[1], cd[0], cd[1]});
  store(y + 8, (f4){ab[2], ab[3], cd[2], cd[3]});
  store(y + 16, (f4){ab2[0], ab2[1], cd2[0], cd2[1]});
  store(y + 24, (f4){ab2[2], ab2[3], cd2[2], cd2[3]});
}

static void pack_keys(const Attention *op, const float *k, float *y) {
  for (int32_t first = 0; first < op->keys; first += 8) {
    const float *x = k + (int64_t)first * op->k_row;
    const int32_t count = min_int(op->keys - first, 8);
    int32_t d = 0;
    fill_values(y, 8, 0);
    y += 8;
    for (; count == 8 && d + 4 <= op->depth; d += 4, y += 32) {
      transpose(x + d, op->k_row, y);
      transpose(x + d + 4 * (int64_t)op->k_row, op->k_row, y + 4);
    }
    for (; d < op->depth; d++, y += 8) {
      for (int32_t j = 0; j < 8; j++) y[j] = j < count ? x[(int64_t)j * op->k_row + d] : 0;
    }
  }
}

static void pack_values(const Attention *op, const float *v, float *y) {
  for (int32_t first = 0; first < op->keys; first += BLOCK_KEYS) {
    const int32_t count = min_int(op->keys - first, BLOCK_KEYS);
    for (int32_t column = 0; column < op->width; column += 8) {
      const float *x = v + (int64_t)first * op->v_row + column;
      const int32_t columns = min_int(op->width - column, 8);
      fill_values(y, 8, 0);
      y += 8;
      for (int32_t i = 0; i < count; i++, x += op->v_row, y += 8) {
        copy_values(x, y, columns);
        fill_values(y + columns, 8 - columns, 0);
      }
    }
  }
}

// Makes weights of a block of one row's scores. Returns what the row's earlier sums are to be multiplied by.
static float weigh(const Attention *op, float *scores, int32_t count, const float *bias, const float *mask, Row *row,
                   const ExpConstants *k) {
  const f4 scale = splat(op->scale);
  f4 tops = splat(row->top), sums = splat(0);
  for (int32_t i = 0; i < count; i += 4) {
    const int32_t lanes = min_int(count - i, 4);
    f4 score = load(scores + i) * scale;
    if (bias) score += lanes < 4 ? load_some(bias + i, lanes) : load(bias + i);
    if (mask) score += lanes < 4 ? load_some(mask + i, lanes) : load(mask + i);
    for (int32_t lane = lanes; lane < 4; lane++) score[lane] = -__builtin_inff();
    store(scores + i, score);
    tops = largest(tops, score);
  }
  const float top = largest_across(tops);
  // Where all are -infinity so far their weights are 0; a row that stays so becomes 0 / 0, as it is for softmax.
  const f4 shift = splat(top == -__builtin_inff() ? 0 : top);
  for (int32_t i = 0; i < count; i += 4) {
    f4 weight = exp4(load(scores + i) - shift, k);
    store(scores + i, weight);
    sums += weight;
  }
  const float factor = exp4(splat(row->top) - shift, k)[0];
  *row = (Row){top, row->total * factor + sum_across(sums)};
  return factor;
}

static const float *part_of(const float *x, int64_t stride, int32_t row, int32_t first) {
  return x ? x + row * stride + first : 0;
}

// Tile rows [first_row, first_row + rows) of one head, whose tensors `op` has.
static void attend(const Attention *op, const Room *room, int32_t first_row, int32_t rows, const ExpConstants *k) {
  Row state[TILE_ROWS];
  for (int32_t r = 0; r < rows; r++) state[r] = (Row){-__builtin_inff(), 0};
  for (int32_t first = 0; first < op->keys; first += BLOCK_KEYS) {
    const int32_t count = min_int(op->keys - first, BLOCK_KEYS);
    const Tile scores = {.x = op->q + (int64_t)first_row * op->q_row,
                         .weights = room->keys + (int64_t)first * (op->depth + 1),
                         .y = room->scores,
                         .panels = ceil_div(count, 8),
                         .inputs = op->depth,
                         .x_stride = op->q_row,
                         .y_stride = room->score_stride,
                         .until_gap = TILE_ROWS};
    run_tile(&scores, rows);
    for (int32_t r = 0; r < rows; r++) {
      const float *bias = part_of(op->bias, op->bias_row, first_row + r, first);
      const float *mask = part_of(op->mask, op->mask_row, first_row + r, first);
      const float factor = weigh(op, room->scores + r * room->score_stride, count, bias, mask, &state[r], k);
      float *sums = room->sums + (int64_t)r * room->columns;
      for (int32_t i = 0; first && i < room->columns; i += 4) store(sums + i, load(sums + i) * splat(factor));
    }
    const Tile sums = {.x = room->scores,
                       .weights = room->values + (int64_t)room->columns * (first + first / BLOCK_KEYS),
                       .residual = first ? room->sums : 0,
                       .y = room->sums,
                       .panels = room->columns / 8,
                       .inputs = count,
                       .x_stride = room->score_stride,
                       .y_stride = room->columns,
                       .until_gap = TILE_ROWS};
    run_tile(&sums, rows);
  }
  for (int32_t r = 0; r < rows; r++) {
    const float *sums = room->sums + (int64_t)r * room->columns;
    float *y = op->y + (int64_t)(first_row + r) * op->y_row;
    const f4 total = splat(state[r].total);
    int32_t i = 0;
    for (; i + 4 <= op->width; i += 4) store(y + i, load(sums + i) / total);
    if (i < op->width) store_some(y + i, load(sums + i) / total, op->width - i);
  }
}

void attention(const Attention *op, Thread thread, void *scratch) {
  const ExpConstants constants = exp_constants(1);
  const ExpConstants *k = &constants;
  OPAQUE(k);
  const Room room = lay_out(op, scratch);
  const int32_t tiles = ceil_div(op->rows, TILE_ROWS);
  WorkRange range = work_range(op->outer * op->heads * tiles, thread);
  Attention one = *op;
  for (int32_t number = range.first; number < range.end; number++) {
    const int32_t tile = number % tiles;
    if (number == range.first || !tile) {
      const int64_t head = number / tiles % op->heads, n = number / tiles / op->heads;
      one.q = op->q + n * op->q_outer + head * op->q_head;
      if (op->bias) one.bias = op->bias + n * op->bias_outer + head * op->bias_head;
      if (op->mask) one.mask = op->mask + n * op->mask_outer + head * op->mask_head;
      one.y = op->y + n * op->y_outer + head * op->y_head;
      pack_keys(op, op->k + n * op->k_outer + head * op->k_head, room.keys);
      pack_values(op, op->v + n * op->v_outer + head * op->v_head, room.values);
    }
    WorkRange rows = work_range(op->rows, (Thread){tile, tiles});
    attend(&one, &room, rows.first, rows.end - rows.first, k);
  }
}
