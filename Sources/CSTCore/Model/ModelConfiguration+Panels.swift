extension ModelConfiguration {
  /// Bytes of the panels of every projection and the head, packed for x·Wᵀ and for dy·W.
  func panelBytes(_ precision: Precision) -> Int {
    let layerWeights = projections.reduce(0) { sum, projection in
      let (outputs, inputs) = shape(of: projection)
      return sum + outputs * inputs
    }
    return 2 * (precision == .bf16 ? 2 : 4) * (layerCount * layerWeights + vocabularyCount * width)
  }

  /// What becomes of the weights' panels where nobody says otherwise.
  func weightPanels(_ precision: Precision) -> WeightPanels {
    WeightPanels.chosen(panelBytes: panelBytes(precision))
  }
}
