/**
 * A Float32Array with memory of its own: `Float32Array<ArrayBuffer>`, which TypeScript before 5.7 calls `Float32Array`, and
 * refuses with a type argument.
 */
export type Float32Values = ReturnType<Float32ArrayConstructor["of"]>;
