public enum WeightFormat: Sendable, Hashable { case f32, f16, bf16, q8_0, q4_0, q4_1, q5_0, q5_1, q4_K, q5_K, q6_K
  var blockLength: Int { 32 } 
  var bytesPerBlock: Int { 20 } }
