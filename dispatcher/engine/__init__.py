"""The one loop: event → view → decide → commit → perform; a heap of `wake_at`."""
