"""Cases by area: each module has an AREA, and its cases state what they demand and where the contract says so."""
