namespace TorchSharp;

/// <summary>When cdist goes through a matrix product.</summary>
public enum compute_mode { use_mm_for_euclid_dist_if_necessary, use_mm_for_euclid_dist, donot_use_mm_for_euclid_dist }
