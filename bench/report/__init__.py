"""How results are kept and written: JSON files, figures, plots and the page."""
