package wordvec

// What gensim finds in its files; written by testdata/gensim_files.py.
var (
	gensimNearest    = []Neighbour{{"iv", 0.968067}, {"vi", 0.954536}, {"scene", 0.942798}}
	gensimNearestTwo = []Neighbour{{"two", 0.973235}, {"french", 0.971078}, {"guard", 0.958940}}
	gensimAdd        = []Neighbour{{"lords", 0.974804}, {"westmoreland", 0.944073}, {"lancaster", 0.939984}}
	gensimMul        = []Neighbour{{"westmoreland", 1.271465}, {"lords", 1.262256}, {"here", 1.220190}}
)
