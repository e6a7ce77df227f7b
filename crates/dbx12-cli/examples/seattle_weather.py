"""A year of weather in Seattle, from four years of daily measurements (NOAA, 2012-2015, public domain)."""

import csv
from collections import defaultdict
from datetime import datetime
from statistics import mean

DATA = "crates/dbx12-cli/examples/seattle_weather.csv"

with open(DATA, newline="") as file:
    days = list(csv.DictReader(file))

months = defaultdict(list)
for day in days:
    day["when"] = datetime.strptime(day["date"], "%Y/%m/%d")
    months[day["when"].month].append(day)

years = len({day["when"].year for day in days})
print(f"{len(days):,} days, {years} years\n")
print("month   low  high   rain a month")
for month, measured in sorted(months.items()):
    low = mean(float(day["temp_min"]) for day in measured)
    high = mean(float(day["temp_max"]) for day in measured)
    rain = sum(float(day["precipitation"]) for day in measured) / years
    name = measured[0]["when"].strftime("%b")
    print(f"{name}   {low:4.1f}° {high:4.1f}°   {rain:5.0f} mm  {'█' * round(rain / 5)}")

hottest = max(days, key=lambda day: float(day["temp_max"]))
wettest = max(days, key=lambda day: float(day["precipitation"]))
print(f"\nhottest day: {hottest['when']:%d %b %Y}, {hottest['temp_max']}°")
print(f"wettest day: {wettest['when']:%d %b %Y}, {wettest['precipitation']} mm")
