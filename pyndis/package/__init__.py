"""What a driver is called and shipped as: `driver.toml`, the INF and the version resource."""
