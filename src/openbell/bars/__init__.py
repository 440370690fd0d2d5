"""Values and columns: intervals, grids, blocks, panels; no market, file or session is known here."""
