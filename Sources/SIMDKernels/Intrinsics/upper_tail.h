// The upper tail of the normal distribution, Q(x) = ½ erfc(x / √2) = 1 - Φ(x), for 0 ≤ x < 6.
//
// Each interval of ¾ has a polynomial of degree 7 in the distance from its middle, which equals Q at
// Chebyshev's points; between them it is off by less than 2⁻²⁹. `[degree][interval]`: a register
// holds a coefficient of all eight intervals, and lanes choose theirs.
#pragma once

static inline const float *_Nonnull janus_upper_tail(void) {
  static const float coefficients[8][8] = {
      {3.5383025e-1f, 1.3029452e-1f, 3.039636e-2f, 4.3324484e-3f,
       3.690785e-4f, 1.8536724e-5f, 5.440382e-7f, 9.275067e-9f},
      {-3.7185508e-1f, -2.1187665e-1f, -6.878628e-2f, -1.2724182e-2f,
       -1.341119e-3f, -8.054045e-5f, -2.7559413e-6f, -5.373218e-8f},
      {6.9722615e-2f, 1.191806e-1f, 6.448724e-2f, 1.670046e-2f,
       2.2631257e-3f, 1.6611762e-4f, 6.71854e-6f, 1.5119771e-7f},
      {5.326046e-2f, -9.379898e-3f, -2.88401e-2f, -1.2492238e-2f,
       -2.3225055e-3f, -2.1498419e-4f, -1.0457066e-5f, -2.7443176e-7f},
      {-1.6606078e-2f, -1.7224733e-2f, 2.767183e-3f, 5.415625e-3f,
       1.5828664e-3f, 1.9391184e-4f, 1.15915955e-5f, 3.5800994e-7f},
      {-6.741804e-3f, 5.280645e-3f, 3.2876388e-3f, -9.685933e-4f,
       -7.199415e-4f, -1.2781906e-4f, -9.755734e-6f, -3.6343863e-7f},
      {2.55002e-3f, 1.2996207e-3f, -1.3538314e-3f, -3.0971866e-4f,
       1.8890979e-4f, 6.320544e-5f, 6.7589467e-6f, 3.2389522e-7f},
      {6.472555e-4f, -8.154383e-4f, -2.5532283e-5f, 2.243636e-4f,
       -5.7501315e-6f, -2.1291957e-5f, -3.3946776e-6f, -2.058991e-7f},
  };
  return coefficients[0];
}
