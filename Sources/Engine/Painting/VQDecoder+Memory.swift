import JanusModelFile
import Quant

extension VQDecoder {
  /// Bytes that decoding takes beside the file: the maps, and the weights as they are multiplied, of
  /// which panels are kept.
  package var scratchBytes: (all: Int, kept: Int) {
    let g = geometry
    let channels = g.channelMultipliers.map { $0 * g.baseChannels }.reversed()
    var (largestMap, largestQuantized, largestWeights, panels) = (0, 0, 0, 0)
    var (tileInputs, tileOutputs) = (0, 0)
    for (index, level) in levels.enumerated() {
      let side = g.gridSize << index
      let inputs = level.residuals[0].convolution1.inputs
      let outputs = Array(channels)[index]
      largestMap = max(largestMap, FeatureMap.size(side, side, max(inputs, outputs)))
      for convolution in level.residuals.flatMap({ [$0.convolution1, $0.convolution2] }) {
        let count = convolution.outputs * convolution.stride
        if side >= precision.residuals {
          panels += count / 16 * 17
          let map = (side + 2) * (side + 2)
          largestQuantized = max(
            largestQuantized, map * QuantizedActivations.byteCount(columns: convolution.inputs))
        } else if Drawing.tiles(convolution) {
          let places = Drawing.placesAtOnce(height: side, width: side)
          tileInputs = max(tileInputs, places * convolution.inputs)
          tileOutputs = max(tileOutputs, places * convolution.outputs)
          let weights = WinogradTile.places * convolution.outputs * convolution.inputs
          largestWeights = max(largestWeights, weights)
        } else {
          largestWeights = max(largestWeights, count)
        }
      }
      if let upsample = level.upsample {
        // Enlarging takes four times four taps.
        let count = upsample.outputs * 16 * upsample.inputs
        largestWeights = max(largestWeights, count)
        if side >= precision.enlargements { panels += count / 16 * 17 }
        largestMap = max(largestMap, FeatureMap.size(2 * side, 2 * side, upsample.outputs))
      }
    }
    let attention = 5 * g.gridSize * g.gridSize * levels[0].residuals[0].convolution1.outputs
    let floats = 3 * largestMap + largestWeights + tileInputs + tileOutputs + attention
    return (4 * floats + largestQuantized + panels, panels)
  }
}
