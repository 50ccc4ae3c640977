package org.geodex.backend.cuda;

import org.geodex.error.UsageException;

/** Whose f32 matrix products; the system property {@code geodex.cuda.products} asks for one. */
enum Products {
  /** NVIDIA's, in full f32. */
  CUBLAS("cuBLAS"),

  /** The same, with TF32 (11 bits of mantissa) in the linear layers of models and nowhere else. */
  TF32("cuBLAS, TF32 in linear layers"),

  /** Our kernel's. */
  OWN("own products");

  private final String words;

  Products(String words) {
    this.words = words;
  }

  /** What was asked for. */
  static Products asked() {
    String name = System.getProperty("geodex.cuda.products", "cublas");
    return switch (name) {
      case "cublas" -> CUBLAS;
      case "tf32" -> TF32;
      case "own" -> OWN;
      default ->
          throw new UsageException("-Dgeodex.cuda.products=%s: expected cublas, tf32 or own", name);
    };
  }

  /** As a device's description has it. */
  String words() {
    return words;
  }
}
