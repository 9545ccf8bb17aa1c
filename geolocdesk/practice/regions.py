"""How people build, pave and mark their roads, by region; and on which side they drive, by country."""

from dataclasses import dataclass
from typing import Literal

from geolocdesk.geodesy import Position

Colour = tuple[int, int, int]
HouseForm = Literal["gable", "hip", "flat", "block", "hut", "stilt", "pagoda", "yurt", "dome"]
Fence = Literal["picket", "hedge", "stone", "wire", "wall", "mesh", "none"]
Pole = Literal["wood", "concrete", "steel", "none"]
Marking = Literal["white", "yellow", "none"]


@dataclass(frozen=True, slots=True)
class RegionStyle:
    """What a street of the region looks like, climate apart."""

    name: str
    houses: tuple[HouseForm, ...]
    walls: tuple[Colour, ...]
    roofs: tuple[Colour, ...]
    trims: tuple[Colour, ...]
    pitch: float
    """Rise of the roof over half its span."""
    storeys: tuple[int, int]
    siding: Literal["plain", "planks", "brick"]
    paved: float
    """Share of the roads that have asphalt."""
    asphalt: Colour
    centre_line: Marking
    edge_line: Marking
    fence: Fence
    pole: Pole
    wires: int
    trees: tuple[str, ...]
    """Planted kinds that the region favours where its climate lets them grow."""
    soil: Colour


_WHITE_TRIM = ((240, 240, 236),)

REGIONS: dict[str, RegionStyle] = {
    style.name: style
    for style in (
        RegionStyle("britain", ("gable", "gable", "hip"), ((142, 74, 56), (156, 90, 66), (176, 158, 132), (214, 208, 196)),
                    ((74, 76, 84), (88, 84, 84), (110, 70, 58)), _WHITE_TRIM, 0.95, (2, 2), "brick",
                    1.0, (74, 76, 80), "white", "none", "hedge", "wood", 2, ("broadleaf", "broadleaf", "shrub"), (112, 92, 70)),
        RegionStyle("nordic", ("gable",), ((150, 48, 38), (160, 56, 40), (222, 190, 110), (232, 230, 222), (88, 104, 116)),
                    ((52, 50, 54), (70, 56, 52), (96, 92, 92)), _WHITE_TRIM, 1.0, (1, 2), "planks",
                    0.85, (84, 84, 88), "yellow", "white", "picket", "wood", 2, ("birch", "conifer", "pine"), (116, 106, 92)),
        RegionStyle("west_europe", ("hip", "gable", "gable"), ((216, 200, 170), (226, 218, 200), (196, 172, 138), (206, 190, 176)),
                    ((88, 92, 106), (132, 84, 62), (100, 96, 100)), ((120, 140, 160), (236, 234, 226), (96, 110, 96)), 0.95, (1, 2), "plain",
                    1.0, (86, 86, 88), "white", "white", "stone", "concrete", 2, ("broadleaf", "poplar", "broadleaf"), (148, 124, 92)),
        RegionStyle("central_europe", ("gable", "gable", "hip"), ((238, 226, 190), (232, 214, 180), (226, 220, 212), (214, 170, 120), (196, 208, 190)),
                    ((156, 66, 46), (140, 58, 44), (120, 62, 52)), ((244, 242, 238), (110, 70, 46)), 1.1, (2, 3), "plain",
                    1.0, (80, 82, 86), "white", "white", "picket", "none", 0, ("broadleaf", "conifer", "birch"), (124, 98, 70)),
        RegionStyle("iberia", ("hip", "flat", "gable"), ((242, 238, 228), (236, 214, 164), (224, 180, 128)),
                    ((186, 104, 66), (196, 116, 76)), ((96, 70, 50), (60, 90, 70)), 0.42, (1, 3), "plain",
                    0.95, (98, 94, 90), "white", "white", "wall", "concrete", 2, ("olive", "pine", "cypress"), (186, 142, 98)),
        RegionStyle("italy", ("hip", "hip", "gable"), ((226, 170, 104), (232, 196, 140), (210, 128, 88), (236, 214, 170)),
                    ((172, 92, 60), (184, 106, 70)), ((58, 96, 70), (84, 60, 44)), 0.45, (2, 3), "plain",
                    0.95, (92, 90, 90), "white", "white", "stone", "concrete", 2, ("cypress", "olive", "pine"), (170, 134, 92)),
        RegionStyle("aegean", ("flat", "flat", "dome"), ((246, 246, 244), (240, 238, 230)), ((236, 236, 232), (64, 112, 176)),
                    ((44, 96, 168), (60, 120, 180)), 0.3, (1, 2), "plain",
                    0.9, (104, 100, 96), "white", "white", "stone", "wood", 2, ("olive", "cypress", "shrub"), (196, 164, 124)),
        RegionStyle("balkans", ("hip", "gable", "block"), ((232, 220, 196), (206, 120, 84), (226, 206, 150), (198, 190, 182)),
                    ((178, 84, 54), (164, 74, 50)), ((240, 238, 232), (110, 74, 50)), 0.65, (2, 3), "plain",
                    0.9, (96, 94, 94), "white", "none", "mesh", "concrete", 3, ("broadleaf", "poplar", "shrub"), (150, 120, 84)),
        RegionStyle("east_europe", ("block", "gable", "gable"), ((196, 192, 186), (176, 170, 166), (84, 124, 112), (190, 166, 110), (96, 122, 158)),
                    ((104, 108, 112), (84, 108, 92), (124, 62, 54)), ((236, 240, 244), (60, 110, 150)), 0.85, (1, 5), "planks",
                    0.75, (92, 92, 94), "white", "none", "picket", "concrete", 3, ("birch", "birch", "poplar"), (78, 66, 54)),
        RegionStyle("turkey", ("block", "hip", "block"), ((238, 206, 170), (222, 168, 140), (206, 220, 206), (240, 232, 210)),
                    ((186, 90, 58), (176, 82, 56)), ((250, 248, 244),), 0.4, (3, 6), "plain",
                    0.9, (100, 98, 96), "white", "white", "wall", "concrete", 2, ("poplar", "pine", "shrub"), (182, 150, 110)),
        RegionStyle("central_asia", ("hip", "gable", "block"), ((240, 240, 236), (214, 198, 170), (200, 220, 230)),
                    ((150, 156, 160), (92, 128, 158), (140, 96, 78)), ((40, 116, 190), (60, 140, 190)), 0.35, (1, 1), "plain",
                    0.7, (104, 102, 98), "white", "none", "wall", "concrete", 3, ("poplar", "poplar", "shrub"), (188, 164, 128)),
        RegionStyle("mongolia", ("yurt", "yurt", "gable"), ((238, 236, 228), (228, 222, 208), (186, 160, 120)),
                    ((232, 230, 222), (62, 110, 170), (170, 64, 54)), ((196, 90, 40), (60, 110, 160)), 0.5, (1, 1), "plain",
                    0.3, (106, 102, 96), "white", "none", "picket", "wood", 2, ("shrub",), (184, 162, 118)),
        RegionStyle("maghreb", ("flat", "flat", "dome"), ((222, 158, 118), (232, 196, 150), (240, 226, 202), (206, 132, 96)),
                    ((206, 150, 112), (222, 190, 150)), ((46, 110, 120), (60, 90, 150)), 0.3, (1, 3), "plain",
                    0.75, (110, 104, 98), "white", "white", "wall", "concrete", 2, ("date_palm", "olive", "shrub"), (204, 142, 92)),
        RegionStyle("levant", ("flat", "block", "flat"), ((226, 208, 176), (214, 190, 154), (236, 224, 200)),
                    ((206, 186, 152), (190, 170, 140)), ((120, 96, 70), (90, 110, 110)), 0.3, (2, 5), "plain",
                    0.85, (106, 102, 98), "white", "yellow", "wall", "concrete", 3, ("date_palm", "olive", "cypress"), (218, 188, 142)),
        RegionStyle("arabia", ("flat", "flat", "dome"), ((236, 222, 194), (244, 238, 224), (224, 204, 170)),
                    ((226, 210, 182), (236, 226, 206)), ((120, 84, 56), (150, 130, 100)), 0.3, (1, 3), "plain",
                    0.9, (86, 84, 84), "white", "yellow", "wall", "steel", 1, ("date_palm", "date_palm", "acacia"), (232, 200, 150)),
        RegionStyle("iran", ("flat", "block", "dome"), ((206, 170, 124), (218, 186, 142), (190, 150, 110), (214, 206, 192)),
                    ((190, 152, 108), (176, 140, 100)), ((70, 130, 140), (110, 90, 70)), 0.3, (1, 3), "plain",
                    0.7, (102, 98, 94), "white", "yellow", "wall", "concrete", 3, ("poplar", "cypress", "shrub"), (200, 168, 122)),
        RegionStyle("sahel", ("flat", "flat", "hut"), ((188, 128, 84), (202, 146, 100), (176, 116, 78)),
                    ((174, 118, 78), (190, 160, 100)), ((110, 76, 50), (60, 100, 110)), 0.9, (1, 1), "plain",
                    0.3, (118, 104, 92), "none", "none", "wall", "none", 0, ("acacia", "shrub", "baobab"), (214, 150, 94)),
        RegionStyle("west_africa", ("hip", "gable", "flat"), ((222, 184, 130), (196, 132, 90), (236, 214, 160), (150, 190, 180), (226, 150, 110)),
                    ((150, 92, 64), (168, 150, 136), (134, 72, 52)), ((80, 110, 90), (110, 70, 50)), 0.5, (1, 2), "plain",
                    0.45, (104, 92, 84), "white", "none", "wall", "wood", 2, ("palm", "banana", "broadleaf"), (188, 92, 50)),
        RegionStyle("east_africa", ("gable", "hut", "gable"), ((176, 116, 80), (204, 160, 118), (226, 206, 170), (120, 150, 150)),
                    ((146, 140, 134), (150, 84, 62), (176, 150, 96)), ((70, 90, 110), (120, 80, 56)), 0.55, (1, 1), "plain",
                    0.4, (106, 90, 80), "white", "none", "hedge", "wood", 2, ("acacia", "acacia", "banana"), (176, 84, 54)),
        RegionStyle("southern_africa", ("hip", "gable", "hip"), ((230, 206, 166), (190, 120, 84), (240, 232, 214)),
                    ((120, 60, 48), (150, 154, 156), (96, 104, 90)), ((248, 246, 240),), 0.5, (1, 1), "brick",
                    0.75, (94, 92, 92), "white", "yellow", "wire", "wood", 3, ("acacia", "eucalyptus", "shrub"), (196, 126, 82)),
        RegionStyle("south_asia", ("flat", "flat", "block"), ((238, 178, 150), (180, 214, 190), (246, 214, 120), (170, 190, 224), (232, 226, 214), (226, 140, 120)),
                    ((190, 182, 172), (200, 150, 120)), ((96, 60, 110), (40, 110, 100), (150, 60, 50)), 0.3, (1, 3), "plain",
                    0.7, (108, 102, 96), "white", "none", "wall", "concrete", 5, ("palm", "banana", "rainforest"), (184, 146, 104)),
        RegionStyle("indochina", ("stilt", "gable", "block"), ((196, 150, 98), (150, 104, 66), (236, 220, 180), (190, 214, 214)),
                    ((196, 88, 50), (150, 60, 46), (176, 110, 70)), ((96, 60, 40), (200, 150, 60)), 1.0, (1, 2), "planks",
                    0.8, (96, 94, 94), "yellow", "white", "hedge", "concrete", 6, ("palm", "banana", "bamboo"), (176, 110, 70)),
        RegionStyle("malay", ("hip", "gable", "stilt"), ((240, 232, 214), (214, 226, 206), (246, 226, 170), (222, 190, 160)),
                    ((198, 92, 58), (170, 78, 56), (120, 124, 128)), ((120, 70, 44), (60, 110, 90)), 0.75, (1, 2), "plain",
                    0.85, (84, 84, 86), "white", "white", "hedge", "concrete", 4, ("palm", "palm", "rainforest"), (166, 96, 62)),
        RegionStyle("china", ("block", "pagoda", "block"), ((222, 220, 216), (206, 200, 196), (196, 170, 156), (170, 176, 182)),
                    ((74, 78, 84), (90, 92, 96), (120, 66, 52)), ((120, 130, 140), (150, 50, 44)), 0.7, (2, 6), "plain",
                    0.95, (98, 98, 98), "yellow", "white", "wall", "concrete", 3, ("broadleaf", "poplar", "bamboo"), (164, 122, 82)),
        RegionStyle("korea", ("block", "hip", "block"), ((236, 234, 226), (222, 210, 196), (190, 110, 84)),
                    ((60, 104, 170), (70, 120, 110), (96, 92, 92)), ((110, 130, 150),), 0.5, (1, 6), "plain",
                    0.98, (88, 88, 90), "yellow", "white", "wall", "concrete", 5, ("pine", "pine", "broadleaf"), (160, 126, 92)),
        RegionStyle("japan", ("hip", "gable", "pagoda"), ((226, 218, 202), (196, 186, 172), (150, 136, 122), (236, 234, 230)),
                    ((66, 74, 88), (80, 84, 92), (54, 56, 62)), ((84, 66, 52), (200, 200, 200)), 0.6, (2, 2), "planks",
                    1.0, (82, 84, 88), "white", "white", "wall", "concrete", 8, ("pine", "conifer", "bamboo"), (134, 112, 88)),
        RegionStyle("australia", ("hip", "gable", "hip"), ((226, 208, 172), (204, 150, 112), (240, 232, 214), (176, 186, 176)),
                    ((150, 66, 50), (120, 136, 124), (196, 190, 178), (96, 84, 80)), ((250, 248, 240), (96, 120, 96)), 0.5, (1, 1), "planks",
                    0.85, (104, 98, 94), "white", "white", "wire", "wood", 3, ("eucalyptus", "eucalyptus", "shrub"), (200, 96, 54)),
        RegionStyle("new_zealand", ("gable", "hip"), ((236, 234, 226), (206, 214, 206), (170, 186, 192)),
                    ((140, 52, 44), (72, 96, 82), (90, 92, 96)), _WHITE_TRIM, 0.65, (1, 1), "planks",
                    0.95, (98, 96, 96), "white", "white", "wire", "wood", 3, ("pine", "broadleaf", "shrub"), (140, 112, 82)),
        RegionStyle("pacific", ("stilt", "gable", "hip"), ((190, 220, 214), (244, 226, 170), (232, 190, 170), (200, 170, 120)),
                    ((150, 154, 156), (96, 140, 120), (176, 140, 90)), _WHITE_TRIM, 0.9, (1, 1), "planks",
                    0.5, (110, 104, 96), "white", "none", "hedge", "wood", 2, ("palm", "palm", "banana"), (196, 150, 110)),
        RegionStyle("us_east", ("gable", "gable", "hip"), ((236, 236, 232), (206, 216, 222), (222, 208, 176), (160, 78, 62), (176, 190, 176)),
                    ((92, 90, 92), (110, 98, 90), (78, 76, 80)), _WHITE_TRIM, 0.8, (1, 2), "planks",
                    1.0, (112, 112, 112), "yellow", "white", "picket", "wood", 6, ("broadleaf", "broadleaf", "conifer"), (150, 108, 76)),
        RegionStyle("us_west", ("gable", "hip", "flat"), ((222, 198, 160), (206, 176, 136), (232, 222, 202), (178, 160, 140)),
                    ((128, 110, 96), (186, 110, 76), (104, 100, 98)), ((240, 236, 226), (110, 84, 62)), 0.5, (1, 1), "plain",
                    1.0, (120, 116, 112), "yellow", "white", "wire", "wood", 5, ("pine", "shrub", "conifer"), (196, 154, 112)),
        RegionStyle("canada", ("gable", "hip"), ((200, 208, 212), (176, 150, 120), (232, 232, 226), (140, 76, 62)),
                    ((86, 88, 92), (104, 96, 92), (60, 84, 78)), _WHITE_TRIM, 0.9, (1, 2), "planks",
                    0.9, (106, 106, 108), "yellow", "white", "none", "wood", 4, ("conifer", "conifer", "birch"), (130, 112, 90)),
        RegionStyle("mexico", ("flat", "flat", "hip"), ((232, 120, 90), (246, 190, 70), (90, 160, 180), (236, 226, 204), (206, 90, 120), (150, 190, 110)),
                    ((190, 110, 76), (206, 190, 170)), ((250, 240, 220), (60, 90, 140)), 0.4, (1, 2), "plain",
                    0.75, (104, 98, 94), "yellow", "white", "wall", "concrete", 4, ("palm", "agave", "broadleaf"), (188, 138, 94)),
        RegionStyle("caribbean", ("hip", "gable"), ((250, 214, 110), (120, 200, 200), (244, 150, 140), (186, 220, 150), (240, 240, 236)),
                    ((176, 74, 56), (150, 158, 162), (90, 140, 150)), _WHITE_TRIM, 0.75, (1, 1), "planks",
                    0.8, (106, 102, 98), "white", "none", "picket", "wood", 3, ("palm", "palm", "banana"), (190, 130, 92)),
        RegionStyle("andes", ("gable", "flat", "flat"), ((184, 108, 72), (196, 124, 84), (222, 206, 180), (170, 96, 66)),
                    ((176, 92, 60), (140, 144, 148)), ((50, 96, 90), (110, 76, 54)), 0.5, (1, 3), "brick",
                    0.65, (108, 102, 98), "yellow", "white", "wall", "concrete", 4, ("eucalyptus", "agave", "shrub"), (168, 122, 86)),
        RegionStyle("brazil", ("hip", "gable", "hip"), ((244, 232, 206), (250, 204, 130), (166, 210, 190), (236, 164, 134)),
                    ((200, 100, 60), (188, 88, 54)), ((60, 100, 150), (120, 70, 46)), 0.5, (1, 2), "plain",
                    0.7, (98, 92, 90), "yellow", "white", "wall", "concrete", 4, ("palm", "rainforest", "banana"), (186, 82, 46)),
        RegionStyle("southern_cone", ("flat", "gable", "hip"), ((238, 232, 216), (222, 196, 160), (186, 116, 90), (206, 210, 206)),
                    ((128, 132, 136), (170, 90, 64)), ((70, 90, 100), (240, 238, 232)), 0.5, (1, 2), "plain",
                    0.8, (100, 98, 98), "yellow", "white", "wire", "concrete", 3, ("poplar", "eucalyptus", "broadleaf"), (144, 116, 88)),
    )
}  # fmt: skip

_COUNTRIES_OF_REGION = {
    "britain": "GB IE IM JE GG",
    "nordic": "NO SE FI DK IS FO AX GL PM AQ",
    "west_europe": "FR BE NL LU MC",
    "central_europe": "DE AT CH CZ PL SK HU SI LI",
    "iberia": "ES PT AD",
    "italy": "IT MT SM VA HR",
    "aegean": "GR CY",
    "balkans": "RO BG RS BA ME MK AL XK MD",
    "east_europe": "RU UA BY EE LV LT",
    "turkey": "TR GE AM AZ",
    "central_asia": "KZ UZ TM KG TJ",
    "mongolia": "MN",
    "maghreb": "MA DZ TN LY EH",
    "levant": "EG IL PS JO LB SY IQ",
    "arabia": "SA AE OM QA KW BH YE",
    "iran": "IR AF",
    "sahel": "MR ML NE TD BF SN GM ER DJ SD CV",
    "west_africa": "GN GW SL LR CI GH TG BJ NG CM GA CG CD CF GQ AO ST",
    "east_africa": "KE TZ UG RW BI ET SS SO MG MW MZ ZM KM SC MU",
    "southern_africa": "ZA NA BW ZW LS SZ",
    "south_asia": "IN PK BD NP LK BT MV IO",
    "indochina": "TH MM LA KH VN",
    "malay": "ID MY SG BN PH TL PG",
    "china": "CN TW HK MO",
    "korea": "KR KP",
    "japan": "JP",
    "australia": "AU NF HM",
    "new_zealand": "NZ",
    "pacific": "FJ VU SB WS TO NC PF KI FM MH PW NR CK NU AS GU MP WF PN",
    "us_east": "US BM",
    "canada": "CA",
    "mexico": "MX GT HN SV NI CR PA BZ",
    "caribbean": "CU DO HT JM PR BS TT BB GD LC VC AG KN DM AI MS KY TC VG VI AW CW SX MF BL GY SR",
    "andes": "CO EC PE BO VE",
    "brazil": "BR PY",
    "southern_cone": "AR CL UY FK GS SH TF",
}

CONTINENTS: dict[str, str] = {
    "Africa": "maghreb sahel west_africa east_africa southern_africa",
    "Asia": "turkey central_asia mongolia levant arabia iran south_asia indochina malay china korea japan",
    "Europe": "britain nordic west_europe central_europe iberia italy aegean balkans east_europe",
    "North America": "us_east us_west canada mexico caribbean",
    "Oceania": "australia new_zealand pacific",
    "South America": "andes brazil southern_cone",
}
"""The regions of each inhabited continent."""

_REGION_OF_COUNTRY = {code: name for name, codes in _COUNTRIES_OF_REGION.items() for code in codes.split()}

_LEFT_DRIVING = (
    "GB IE IM JE GG MT CY IN PK BD NP LK BT MV TH MY SG BN ID TL PG JP HK MO AU NF NZ FJ SB WS TO KI NR CK NU "
    "KE TZ UG MW MZ ZM ZW BW NA ZA LS SZ MU SC JM TT BB BS GD LC VC AG KN DM AI MS KY TC VG VI BM GY "
    "SR FK SH GS IO PN"
)
LEFT_DRIVING_COUNTRIES = frozenset(_LEFT_DRIVING.split())
"""ISO codes of the countries and territories where traffic keeps to the left."""


def region_at(country: str, position: Position) -> RegionStyle:
    """Return the style of a country's street; the United States change along the 100th meridian."""
    name = _REGION_OF_COUNTRY.get(country, "west_europe")
    if name == "us_east" and position.longitude < -100:
        name = "us_west" if position.latitude < 58 else "canada"
    return REGIONS[name]


def continent_of(country: str) -> str | None:
    """Return the continent a country's region belongs to, None for Antarctica."""
    region = _REGION_OF_COUNTRY.get(country, "")
    if country == "AQ":
        return None
    return next((name for name, regions in CONTINENTS.items() if region in regions.split()), None)


def drives_on_left(country: str) -> bool:
    """Return whether traffic keeps to the left."""
    return country in LEFT_DRIVING_COUNTRIES
