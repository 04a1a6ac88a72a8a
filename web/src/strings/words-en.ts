// Words for passphrases: short, concrete, hard to mistake for one another.

export const words = `
acorn actor album almond amber anchor ankle antler apple apron arcade armor arrow artist ashes aspen
atlas attic autumn avenue award bacon badge badger bagel baker ballad balloon bamboo banana bandit
banjo banner barley barn barrel basil basket bath beach beacon beads beaver bedrock beetle bell
bench berry bicycle birch biscuit bishop blanket blossom blouse blue board boat bonfire bonnet book
boot border bottle boulder bowl bracket branch brass bread breeze brick bridge broom brother bubble
bucket buffalo bugle bundle bunker burrow bushel butler butter button cabbage cabin cable cactus
camel camera camp canal candle cannon canoe canvas canyon captain caramel carbon cargo carpet carrot
castle cattle cave cedar cellar cello cement chalk chapel charcoal cheese cherry chess chestnut
chimney cinema circle circus citrus clay clerk cliff clock cloud clover coast cobalt cocoa coconut
coffee collar comet compass copper coral cork corner cotton couch cougar coyote crab cradle crane
crater crayon cream cricket crown crumb crystal cuckoo cupboard curtain cushion daisy dancer dawn
deer denim desert diary dinner dolphin domino donkey dragon drawer dream drummer duck dune dusk
eagle earth easel echo eclipse elbow elk ember emerald engine envelope falcon farmer fashion feather
fence fennel fern ferry fiddle field finch finger flamingo flannel flask flint flower flute foam fog
forest fossil fountain fox frost fruit funnel galaxy gallery garden garlic garnet gate gecko geyser
ginger giraffe glacier glass globe glove goat goblet goggles goose gorge grain granite grape gravel
gravity green grove guitar gull hammer hammock hamster harbor harp harvest hatch hazel hedge helmet
heron hiker hill hinge honey hood horizon hornet horse hotel hunter iceberg igloo indigo inkwell
insect iris iron island ivory ivy jacket jaguar jasmine jelly jersey jewel jigsaw journal judge
juggler juice jungle juniper kayak kernel kettle kitchen kite kitten kiwi koala ladder lagoon lake
lamp lantern laptop lark lasso lava lavender leaf leather lemon leopard lettuce library lilac lily
lime linen lion lizard llama lobster locket lotus lumber lunar magnet magpie mammoth mango mantle
maple marble margin market marsh mask meadow melon mermaid metal meteor midnight mill mineral mint
mirror mitten monkey moon moose morning mosaic moss motor mountain mouse muffin mural museum
mushroom music mustard napkin nebula necklace nectar needle nest nickel night noodle north notebook
novel nugget nutmeg oasis oat ocean octopus olive onion onyx opal opera orange orbit orchard orchid
origami osprey otter oven owl oyster paddle paint palace palm panda panther papaya paper parade
parcel parrot pasta pastry patio peach peacock peanut pearl pebble pelican pencil penguin pepper
perch petal piano pickle picnic pigeon pillow pilot pine pirate pistachio planet plaza plum pocket
polar pollen pond pony poplar poppy porch potato pottery powder prairie pretzel prism puddle pumpkin
puppet purple puzzle pyramid quail quarry quartz quilt rabbit raccoon radar radish raft railway rain
raisin raven ribbon rice ridge river robin robot rocket rooster rope rose rubber ruby saddle saffron
sailor salad salmon sandal sapphire satin sauce scarf school scooter sculptor seal season shadow
shark shell shepherd sherbet shore shovel silk silver sister skate sketch sleigh slipper smoke snail
snow socket sofa south spark sparrow spice spider spinach spiral sponge spoon spring spruce squirrel
stable stadium starling station steam steel stone stork storm stove straw stream street sugar summer
sunrise surf swallow swan sweater sycamore table tablet tailor tango teacher teapot temple tennis
tent theater thicket thimble thistle thunder tiger timber toast tomato tornado tortoise towel tower
tractor trail trumpet tulip tundra tunnel turkey turnip turtle tuxedo twilight umbrella unicorn
valley vanilla vapor vase velvet vessel village vinegar violet violin volcano voyage wagon waffle
walnut walrus water wave weasel weaver whale wheat whistle willow window winter wizard wolf wombat
wood wool wreath yacht yarn yellow yogurt zebra zephyr
`
  .trim()
  .split(/\s+/);
