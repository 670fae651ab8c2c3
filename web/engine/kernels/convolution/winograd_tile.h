// Two-dimensional Winograd transforms of inputs and sums, four channels at a time. Included once per size of the input tile:
// SIZE is 4 or 6, NAME(x) the name of a function for this size.

enum { NAME(OUT) = SIZE - 2 };

// Transforms `channels` channels (a multiple of 4) of the SIZE * SIZE pixels of an input tile. Values of the transform are
// `step` floats apart in v.
static void NAME(input_tile)(const float *const *pixels, int32_t channels, float *v, int32_t step) {
  for (int32_t c = 0; c < channels; c += 4, v += 4) {
    Line columns[SIZE];
    for (int32_t i = 0; i < SIZE; i++) {
      const float *const *p = pixels + i * SIZE;
      Line line = {{load(p[0] + c), load(p[1] + c), load(p[2] + c), load(p[3] + c)}};
      if (SIZE == 6) {
        line.v[4] = load(p[4] + c);
        line.v[5] = load(p[5] + c);
      }
      columns[i] = input_line(SIZE, line);
    }
    float *to = v;
    for (int32_t j = 0; j < SIZE; j++, to += step) {
      Line line = {{columns[0].v[j], columns[1].v[j], columns[2].v[j], columns[3].v[j]}};
      if (SIZE == 6) {
        line.v[4] = columns[4].v[j];
        line.v[5] = columns[5].v[j];
      }
      line = input_line(SIZE, line);
      float *at = to;
      store(at, line.v[0]);
      store(at += SIZE * step, line.v[1]);
      store(at += SIZE * step, line.v[2]);
      store(at += SIZE * step, line.v[3]);
      if (SIZE == 6) {
        store(at += SIZE * step, line.v[4]);
        store(at += SIZE * step, line.v[5]);
      }
    }
  }
}

// Transforms the sums of eight outputs, whose values are `step` floats apart, to the output tile y[OUT][OUT][8].
static void NAME(output_tile)(const float *m, int32_t step, const float *bias, float *y) {
  for (int32_t half = 0; half < 8; half += 4, m += 4, bias += 4, y += 4) {
    Line rows[SIZE];
    const float *from = m;
    for (int32_t i = 0; i < SIZE; i++) {
      Line line = {{load(from), load(from + step), load(from + 2 * step), load(from + 3 * step)}};
      if (SIZE == 6) {
        line.v[4] = load(from + 4 * step);
        line.v[5] = load(from + 5 * step);
      }
      from += SIZE * step;
      rows[i] = output_line(SIZE, line);
    }
    f4 added = load(bias);
    for (int32_t j = 0; j < NAME(OUT); j++) {
      Line line = {{rows[0].v[j], rows[1].v[j], rows[2].v[j], rows[3].v[j]}};
      if (SIZE == 6) {
        line.v[4] = rows[4].v[j];
        line.v[5] = rows[5].v[j];
      }
      line = output_line(SIZE, line);
      float *at = y + 8 * j;
      store(at, line.v[0] + added);
      store(at += 8 * NAME(OUT), line.v[1] + added);
      if (SIZE == 6) {
        store(at += 8 * NAME(OUT), line.v[2] + added);
        store(at += 8 * NAME(OUT), line.v[3] + added);
      }
    }
  }
}

#undef SIZE
#undef NAME
