"""Countries, states of the USA, ecoregions: names, codes, and rectangles near their bounds [M]."""

from __future__ import annotations

from typing import NamedTuple

Bounds = tuple[float, float, float, float]
"""West, south, east and north, degrees."""

PLANTS = ("Hydro", "Gas", "Wind", "Solar", "Coal", "Nuclear", "Biomass", "Oil")
"""What power plants run on."""


class Country(NamedTuple):
    """A country.

    Attributes:
        fips: two letters, FIPS 10-4.
        iso2, iso3: ISO 3166-1.
        gaul: number in the Global Administrative Unit Layers.
        region: of the world, as the Department of State says.
        bounds: a rectangle near its mainland's.
        name: in English.
    """

    fips: str
    iso2: str
    iso3: str
    gaul: int
    region: str
    bounds: Bounds
    name: str

    @property
    def gaul_name(self) -> str:
        """The name in the Global Administrative Unit Layers."""
        return {"United Kingdom": "U.K. of Great Britain and Northern Ireland",
                "United States": "United States of America",
                "Tanzania": "United Republic of Tanzania",
                "Vietnam": "Viet Nam",
                "Russia": "Russian Federation"}.get(self.name, self.name)  # fmt: skip


class State(NamedTuple):
    """A state.

    Attributes:
        fips: two digits.
        letters: the Postal Service's.
        region, division: the Census Bureau's numbers.
        bounds: a rectangle near its own.
        name: of the state.
    """

    fips: str
    letters: str
    region: str
    division: str
    bounds: Bounds
    name: str


class Ecoregion(NamedTuple):
    """An ecoregion.

    Attributes:
        number: its id.
        biome: number of its biome.
        realm: name of its realm.
        color: hexadecimal.
        bounds: a rectangle within or near its own.
        name: of the ecoregion.
    """

    number: int
    biome: int
    realm: str
    color: str
    bounds: Bounds
    name: str

    @property
    def biome_name(self) -> str:
        """Of its biome."""
        return _BIOMES[self.biome]


_BIOMES = {
    1: "Tropical & Subtropical Moist Broadleaf Forests",
    2: "Tropical & Subtropical Dry Broadleaf Forests",
    4: "Temperate Broadleaf & Mixed Forests",
    5: "Temperate Conifer Forests",
    7: "Tropical & Subtropical Grasslands, Savannas & Shrublands",
    12: "Mediterranean Forests, Woodlands & Scrub",
    13: "Deserts & Xeric Shrublands",
}


def _bounds(text: str) -> Bounds:
    west, south, east, north = (float(number) for number in text.split(","))
    return west, south, east, north


def _countries(text: str) -> tuple[Country, ...]:
    found = []
    for line in text.strip().splitlines():
        fips, iso2, iso3, gaul, bounds, region, name = (part.strip() for part in line.split("|"))
        found.append(Country(fips, iso2, iso3, int(gaul), region, _bounds(bounds), name))
    return tuple(found)


COUNTRIES = _countries("""
AR|AR|ARG| 12|-73.6,-55.1,-53.6,-21.8|South America|Argentina
AS|AU|AUS| 17|113.3,-43.6,153.6,-10.7|Australia|Australia
BE|BE|BEL| 27|2.5,49.5,6.4,51.5|Europe|Belgium
BR|BR|BRA| 37|-74.0,-33.8,-34.8,5.3|South America|Brazil
CA|CA|CAN| 46|-141.0,41.7,-52.6,83.1|North America|Canada
CH|CN|CHN| 53|73.6,18.2,134.8,53.6|E Asia|China
CO|CO|COL| 57|-79.0,-4.2,-66.9,12.5|South America|Colombia
CG|CD|COD| 68|12.2,-13.5,31.3,5.4|Africa|Democratic Republic of the Congo
EG|EG|EGY| 40765|24.7,22.0,36.9,31.7|Africa|Egypt
ET|ET|ETH| 79|33.0,3.4,48.0,14.9|Africa|Ethiopia
FR|FR|FRA| 85|-4.8,42.3,8.2,51.1|Europe|France
GM|DE|DEU| 93|5.9,47.3,15.0,55.1|Europe|Germany
IN|IN|IND|115|68.1,6.8,97.4,35.5|S Asia|India
ID|ID|IDN|116|95.0,-11.0,141.0,5.9|SE Asia|Indonesia
IT|IT|ITA|122|6.6,36.6,18.5,47.1|Europe|Italy
JA|JP|JPN|126|129.4,31.0,145.8,45.5|E Asia|Japan
KE|KE|KEN|133|33.9,-4.7,41.9,5.0|Africa|Kenya
MA|MG|MDG|150|43.2,-25.6,50.5,-11.9|Africa|Madagascar
MX|MX|MEX|162|-117.1,14.5,-86.7,32.7|North America|Mexico
NP|NP|NPL|175|80.1,26.3,88.2,30.4|S Asia|Nepal
NL|NL|NLD|177|3.4,50.8,7.2,53.5|Europe|Netherlands
NZ|NZ|NZL|179|166.4,-47.3,178.6,-34.4|Oceania|New Zealand
NI|NG|NGA|182|2.7,4.3,14.7,13.9|Africa|Nigeria
PK|PK|PAK|188|60.9,23.7,77.1,37.1|S Asia|Pakistan
PE|PE|PER|195|-81.3,-18.4,-68.7,0.0|South America|Peru
PO|PT|PRT|199|-9.5,37.0,-6.2,42.2|Europe|Portugal
RS|RU|RUS|204|27.3,41.2,180.0,77.7|N Asia|Russia
SF|ZA|ZAF|227|16.5,-34.8,32.9,-22.1|Africa|South Africa
SP|ES|ESP|229|-9.3,36.0,3.3,43.8|Europe|Spain
SZ|CH|CHE|237|6.0,45.8,10.5,47.8|Europe|Switzerland
TZ|TZ|TZA|257|29.3,-11.7,40.4,-1.0|Africa|Tanzania
UG|UG|UGA|253|29.6,-1.5,35.0,4.2|Africa|Uganda
UK|GB|GBR|256|-8.2,49.9,1.8,60.8|Europe|United Kingdom
US|US|USA|259|-124.8,24.5,-66.9,49.4|North America|United States
VM|VN|VNM|264|102.1,8.6,109.5,23.4|SE Asia|Vietnam
""")


def _states(text: str) -> tuple[State, ...]:
    found = []
    for line in text.strip().splitlines():
        fips, letters, region, division, bounds, name = line.split(maxsplit=5)
        found.append(State(fips, letters, region, division, _bounds(bounds), name))
    return tuple(found)


STATES = _states("""
01 AL 3 6 -88.5,30.1,-84.9,35.0 Alabama
02 AK 4 9 -168.1,54.8,-130.0,71.4 Alaska
04 AZ 4 8 -114.8,31.3,-109.0,37.0 Arizona
05 AR 3 7 -94.6,33.0,-89.6,36.5 Arkansas
06 CA 4 9 -124.5,32.5,-114.1,42.0 California
08 CO 4 8 -109.1,37.0,-102.0,41.0 Colorado
12 FL 3 5 -87.6,24.4,-79.9,31.0 Florida
13 GA 3 5 -85.6,30.4,-80.8,35.0 Georgia
16 ID 4 8 -117.2,42.0,-111.0,49.0 Idaho
17 IL 2 3 -91.5,37.0,-87.0,42.5 Illinois
19 IA 2 4 -96.6,40.4,-90.1,43.5 Iowa
20 KS 2 4 -102.1,37.0,-94.6,40.0 Kansas
27 MN 2 4 -97.2,43.5,-89.5,49.4 Minnesota
30 MT 4 8 -116.1,44.4,-104.0,49.0 Montana
31 NE 2 4 -104.1,40.0,-95.3,43.0 Nebraska
32 NV 4 8 -120.0,35.0,-114.0,42.0 Nevada
35 NM 4 8 -109.1,31.3,-103.0,37.0 New Mexico
36 NY 1 2 -79.8,40.5,-71.9,45.0 New York
41 OR 4 9 -124.6,42.0,-116.5,46.3 Oregon
42 PA 1 2 -80.5,39.7,-74.7,42.3 Pennsylvania
48 TX 3 7 -106.6,25.8,-93.5,36.5 Texas
49 UT 4 8 -114.1,37.0,-109.0,42.0 Utah
53 WA 4 9 -124.8,45.5,-116.9,49.0 Washington
56 WY 4 8 -111.1,41.0,-104.1,45.0 Wyoming
""")

ECOREGIONS = (
    Ecoregion(17, 1, "Afrotropic", "#8A5A44", (47.0, -22.0, 49.5, -15.0),
              "Madagascar humid forests"),
    Ecoregion(18, 1, "Afrotropic", "#6EB39E", (46.0, -21.5, 47.5, -15.5),
              "Madagascar subhumid forests"),
    Ecoregion(57, 7, "Afrotropic", "#FEAA01", (33.0, -3.5, 36.0, -1.0),
              "Serengeti volcanic grasslands"),
    Ecoregion(345, 5, "Nearctic", "#5BB9BF", (-122.6, 42.0, -121.0, 46.0),
              "Central-Southern Cascades Forests"),
    Ecoregion(422, 12, "Nearctic", "#FE0000", (-122.5, 35.5, -119.0, 40.0),
              "California interior chaparral and woodlands"),
    Ecoregion(438, 13, "Nearctic", "#FC5B03", (-117.0, 32.0, -111.0, 35.0), "Sonoran desert"),
    Ecoregion(445, 2, "Neotropic", "#CCCD65", (-77.0, 3.0, -76.0, 5.0), "Cauca Valley dry forests"),
    Ecoregion(664, 4, "Palearctic", "#38A700", (-1.0, 47.0, 8.0, 51.5),
              "European Atlantic mixed forests"),
)  # fmt: skip
