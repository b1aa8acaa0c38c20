"""Journeys played twice, by the simulation and by a real Chromium: every hop must agree."""
