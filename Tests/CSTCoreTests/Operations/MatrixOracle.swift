/// Dense row-major matrices in Double, for expected values: plain loops, no cleverness.
struct MatrixOracle: Equatable {
  let rows: Int
  let columns: Int
  var values: [Double]

  init(_ rows: Int, _ columns: Int, _ values: [Double]) {
    precondition(values.count == rows * columns)
    (self.rows, self.columns, self.values) = (rows, columns, values)
  }

  subscript(row: Int, column: Int) -> Double { values[row * columns + column] }

  func row(_ row: Int) -> [Double] { Array(values[row * columns..<(row + 1) * columns]) }

  var transposed: MatrixOracle {
    MatrixOracle(columns, rows, (0..<columns).flatMap { column in (0..<rows).map { self[$0, column] } })
  }

  static func * (a: MatrixOracle, b: MatrixOracle) -> MatrixOracle {
    precondition(a.columns == b.rows)
    var product = [Double](repeating: 0, count: a.rows * b.columns)
    let (m, n, k) = (a.rows, b.columns, a.columns)
    // Buffers and while loops: tests are built without optimisation, and this is where the time goes.
    product.withUnsafeMutableBufferPointer { product in
      a.values.withUnsafeBufferPointer { a in
        b.values.withUnsafeBufferPointer { b in
          for i in 0..<m {
            var p = 0
            while p < k {
              let factor = a[i &* k &+ p]
              var j = 0
              while j < n {
                product[i &* n &+ j] += factor * b[p &* n &+ j]
                j &+= 1
              }
              p &+= 1
            }
          }
        }
      }
    }
    return MatrixOracle(a.rows, b.columns, product)
  }

  static func + (a: MatrixOracle, b: MatrixOracle) -> MatrixOracle {
    MatrixOracle(a.rows, a.columns, zip(a.values, b.values).map(+))
  }

  static func * (a: Double, b: MatrixOracle) -> MatrixOracle {
    MatrixOracle(b.rows, b.columns, b.values.map { a * $0 })
  }

  /// The square root of the sum of squares.
  var norm: Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
