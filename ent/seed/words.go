package seed

// analyte is what a result measures. Values are low to low+2·spread, in steps of 1/100, most of them in the middle.
type analyte struct {
	name, uom   string
	low, spread int // in 1/100 of uom
}

var analytes = [...]analyte{
	{"glucose", "mmol/L", 350, 180},
	{"sodium", "mmol/L", 13_200, 750},
	{"potassium", "mmol/L", 320, 110},
	{"chloride", "mmol/L", 9_400, 700},
	{"calcium", "mmol/L", 205, 30},
	{"lactate", "mmol/L", 40, 150},
	{"creatinine", "µmol/L", 4_500, 4_000},
	{"urea", "mmol/L", 210, 320},
	{"haemoglobin", "g/L", 11_000, 3_500},
	{"ferritin", "µg/L", 1_500, 12_000},
	{"pH", "1", 680, 45},
	{"conductivity", "µS/cm", 12_000, 40_000},
	{"nitrate", "mg/L", 20, 2_400},
	{"lead", "µg/L", 5, 480},
	{"turbidity", "NTU", 2, 210},
	{"dissolved oxygen", "mg/L", 410, 430},
}

// tagTitles are from the most to the least frequent.
var tagTitles = [...]string{
	"Routine", "Fasting", "Urgent", "Repeat", "Haemolysed", "Chilled", "Night shift", "Follow-up",
	"Screening", "Blind duplicate", "Low volume", "Courier", "Frozen", "Reference", "Outpatient", "Spiked",
	"Clotted", "Pooled", "Filtered", "Acidified", "Field blank", "Trip blank", "Control", "Relabelled",
	"Late arrival", "Weekend", "Lipaemic", "Icteric", "Archived", "Paediatric", "Geriatric", "Surface water",
	"Ground water", "Effluent", "Composite", "Grab", "Time series", "Second opinion", "Proficiency test", "Legal hold",
}

var (
	siteNames        = [...]string{"Harbour", "Northgate", "Riverside", "Hillcrest", "Old Town", "Lakeside", "Westfield", "Parkview"}
	firstNames       = [...]string{"Ada", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kaori", "Lars", "Maya", "Nadia", "Omar", "Petra", "Quentin", "Rosa", "Sami", "Tove"}
	lastNames        = [...]string{"Almeida", "Berg", "Castro", "Dubois", "Egger", "Fischer", "Garcia", "Haddad", "Ivanova", "Jensen", "Kowalski", "Lindqvist", "Moreau", "Nakamura", "Okafor", "Popescu", "Rossi", "Schmidt", "Tanaka", "Weber"}
	models           = [...]string{"Photometer P20", "Analyser A7", "Spectrometer S3", "Centrifuge C12", "Electrode Bench E5", "Chromatograph G9"}
	standardMakers   = [...]string{"NIST", "BAM", "ERM"}
	projectSubjects  = [...]string{"Drinking water survey", "Anaemia cohort", "Effluent monitoring", "Method comparison", "Ring trial", "Stability study", "Paediatric ranges"}
	sampleRemarks    = [...]string{"tube half full", "label hard to read", "arrived warm", "taken twice", "colour unusual", "see the unit's note"}
	noteBodies       = [...]string{"Pick-up moved to the back entrance.", "Cooler replaced.", "Contact changed, see the phone list.", "Forms were incomplete again.", "Asked for results by e-mail.", "New tubes delivered.", "Sampling point closed for a week."}
	documentTitles   = [...]string{"Contract", "Sampling plan", "Site map", "Audit report", "Price list", "Risk assessment"}
	incidentSubjects = [...]string{"Samples mixed up", "Cooling chain broken", "Courier late", "Spill during transport", "Result sent to the wrong unit", "Needle-stick injury"}
)
