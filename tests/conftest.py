"""What every test stands on. The data folder is set in `tests.data_folder`, which loads first."""
